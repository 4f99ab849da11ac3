import Model

/// Checks JSON from strangers before any decoder sees it.
///
/// A decoder takes one of two equal keys, and different decoders take different ones, so a document
/// can mean two things to two tools (CVE-2021-41190); deep nesting exhausts a recursive decoder's
/// stack. The scanner accepts strict RFC 8259 in UTF-8 only and never recurses.
public struct JSONGuard {
  public enum Failure: Error, Equatable {
    case malformed(offset: Int)
    case tooDeep(limit: Int)
    case duplicateKey(String)
  }

  public static let depthLimit = 64

  /// Returns the keys of the outermost object, or an empty set when there is no object.
  ///
  /// There, keys that differ only in case count as equal: Go's decoder takes them for one another.
  @discardableResult
  public static func check(
    _ bytes: [UInt8], depthLimit: Int = depthLimit
  ) throws(Failure) -> Set<String> {
    var scanner = JSONGuard(bytes: bytes, depthLimit: depthLimit)
    try scanner.run()
    return scanner.outermostKeys
  }

  private enum Expectation { case value, valueOrClose, key, keyOrClose, commaOrClose, end }

  private struct Container {
    let isObject: Bool
    var keys: Set<String> = []
  }

  private let bytes: [UInt8]
  private let depthLimit: Int
  private var position = 0
  private var containers: [Container] = []
  private var outermostKeys: Set<String> = []
  private var expectation = Expectation.value

  private init(bytes: [UInt8], depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
  }

  private var malformed: Failure { .malformed(offset: position) }

  private mutating func run() throws(Failure) {
    skipSpace()
    while position < bytes.count {
      switch expectation {
      case .value: try readValue()
      case .valueOrClose: try readUnlessClosed(UInt8(ascii: "]"), else: .value)
      case .key: try readKey()
      case .keyOrClose: try readUnlessClosed(UInt8(ascii: "}"), else: .key)
      case .commaOrClose: try readCommaOrClose()
      case .end: throw malformed
      }
      skipSpace()
    }
    guard expectation == .end else { throw malformed }
  }

  private mutating func readUnlessClosed(
    _ close: UInt8, else next: Expectation
  ) throws(Failure) {
    if bytes[position] == close {
      pop()
    } else {
      expectation = next
    }
  }

  private mutating func pop() {
    position += 1
    containers.removeLast()
    endValue()
  }

  private mutating func endValue() {
    expectation = containers.isEmpty ? .end : .commaOrClose
  }

  private mutating func readCommaOrClose() throws(Failure) {
    guard let isObject = containers.last?.isObject else { throw malformed }
    switch (bytes[position], isObject) {
    case (UInt8(ascii: ","), _):
      position += 1
      expectation = isObject ? .key : .value
    case (UInt8(ascii: "}"), true), (UInt8(ascii: "]"), false):
      pop()
    default:
      throw malformed
    }
  }

  private mutating func readKey() throws(Failure) {
    let key = try readString()
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw malformed }
    position += 1
    let isOutermost = containers.count == 1
    let compared = isOutermost ? key.lowercased() : key
    guard containers[containers.count - 1].keys.insert(compared).inserted else {
      throw .duplicateKey(key)
    }
    if isOutermost { outermostKeys.insert(key) }
    expectation = .value
  }

  private mutating func readValue() throws(Failure) {
    switch bytes[position] {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      let isObject = bytes[position] == UInt8(ascii: "{")
      guard containers.count < depthLimit else { throw .tooDeep(limit: depthLimit) }
      containers.append(Container(isObject: isObject))
      position += 1
      expectation = isObject ? .keyOrClose : .valueOrClose
    case UInt8(ascii: "\""):
      _ = try readString()
      endValue()
    case UInt8(ascii: "t"): try readWord("true")
    case UInt8(ascii: "f"): try readWord("false")
    case UInt8(ascii: "n"): try readWord("null")
    default: try readNumber()
    }
  }

  private mutating func readWord(_ word: StaticString) throws(Failure) {
    for expected in word.description.utf8 {
      guard position < bytes.count, bytes[position] == expected else { throw malformed }
      position += 1
    }
    endValue()
  }

  private mutating func readNumber() throws(Failure) {
    _ = accept { $0 == UInt8(ascii: "-") }
    if !accept({ $0 == UInt8(ascii: "0") }) { try readDigits() }
    if accept({ $0 == UInt8(ascii: ".") }) { try readDigits() }
    if accept({ $0 | 0x20 == UInt8(ascii: "e") }) {
      _ = accept { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
      try readDigits()
    }
    endValue()
  }

  private mutating func readDigits() throws(Failure) {
    guard accept(Self.isDigit) else { throw malformed }
    while accept(Self.isDigit) {}
  }

  private mutating func accept(_ matches: (UInt8) -> Bool) -> Bool {
    guard position < bytes.count, matches(bytes[position]) else { return false }
    position += 1
    return true
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private mutating func skipSpace() {
    while accept({ [0x20, 0x09, 0x0a, 0x0d].contains($0) }) {}
  }
}

extension JSONGuard {
  private mutating func readString() throws(Failure) -> String {
    guard accept({ $0 == UInt8(ascii: "\"") }) else { throw malformed }
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw malformed }
        position += 1
        return string
      case UInt8(ascii: "\\"):
        position += 1
        text.append(contentsOf: String(try readEscape()).utf8)
      case 0..<0x20:
        throw malformed
      default:
        text.append(byte)
        position += 1
      }
    }
    throw malformed
  }

  private mutating func readEscape() throws(Failure) -> Unicode.Scalar {
    guard position < bytes.count else { throw malformed }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try readUnicodeEscape()
    default: throw malformed
    }
  }

  private mutating func readUnicodeEscape() throws(Failure) -> Unicode.Scalar {
    let first = try readHex4()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // Only a high surrogate followed by a low one makes a character; decoders disagree on others.
    guard (0xd800..<0xdc00).contains(first), accept({ $0 == UInt8(ascii: "\\") }),
      accept({ $0 == UInt8(ascii: "u") })
    else { throw malformed }
    let second = try readHex4()
    guard (0xdc00..<0xe000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    else { throw malformed }
    return scalar
  }

  private mutating func readHex4() throws(Failure) -> UInt32 {
    guard position + 4 <= bytes.count else { throw malformed }
    var value: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = byte.hexDigitValue else { throw malformed }
      value = value << 4 | UInt32(digit)
    }
    position += 4
    return value
  }
}
