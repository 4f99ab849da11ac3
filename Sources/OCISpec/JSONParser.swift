import Model

/// Parses JSON strictly: UTF-8, no trailing bytes, no repeated keys, bounded depth.
struct JSONParser {
  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0

  /// Deeper nesting than any OCI document has.
  static let maximumDepth = 64

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func parse(_ bytes: [UInt8]) throws(SpecError) -> JSONValue {
    var parser = JSONParser(bytes)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.at == bytes.count else { throw parser.error("unexpected text after the document") }
    return value
  }

  private func error(_ problem: String) -> SpecError {
    var line = 1
    for byte in bytes[..<min(at, bytes.count)] where byte == 0x0A { line += 1 }
    return SpecError("not valid JSON: \(problem) at line \(line), byte \(at)")
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      default: return
      }
    }
  }

  private mutating func value() throws(SpecError) -> JSONValue {
    skipSpace()
    guard at < bytes.count else { throw error("the document ends early") }
    switch bytes[at] {
    case 0x22: return .string(try string())
    case 0x7B: return try object()
    case 0x5B: return try array()
    case 0x74: return try word("true", .bool(true))
    case 0x66: return try word("false", .bool(false))
    case 0x6E: return try word("null", .null)
    case 0x2D, 0x30...0x39: return try number()
    default: throw error("unexpected character")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(SpecError)
    -> JSONValue
  {
    let text = Array(word.description.utf8)
    guard bytes.count - at >= text.count, bytes[at..<(at + text.count)].elementsEqual(text) else {
      throw error("unexpected word")
    }
    at += text.count
    return value
  }

  private mutating func enter() throws(SpecError) {
    at += 1
    depth += 1
    guard depth <= Self.maximumDepth else {
      throw error("nested more than \(Self.maximumDepth) levels deep")
    }
  }

  private mutating func object() throws(SpecError) -> JSONValue {
    try enter()
    var members: [JSONObject.Member] = []
    var seen: Set<String> = []
    skipSpace()
    if at < bytes.count, bytes[at] == 0x7D {
      at += 1
      depth -= 1
      return .object(JSONObject())
    }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == 0x22 else { throw error("expected a member name") }
      let key = try string()
      try refuseRepeat(key, members, &seen)
      skipSpace()
      guard at < bytes.count, bytes[at] == 0x3A else { throw error("expected `:`") }
      at += 1
      members.append(JSONObject.Member(key, try value()))
      if try endOfList(0x7D) { return .object(JSONObject(members)) }
    }
  }

  /// Small objects are searched, large ones hashed: a hostile document must not cost a square.
  private func refuseRepeat(
    _ key: String, _ members: [JSONObject.Member], _ seen: inout Set<String>
  ) throws(SpecError) {
    if members.count < 24 {
      for member in members where member.key == key {
        throw error("member `\(key)` appears twice")
      }
      return
    }
    if seen.isEmpty { for member in members { seen.insert(member.key) } }
    guard seen.insert(key).inserted else { throw error("member `\(key)` appears twice") }
  }

  private mutating func array() throws(SpecError) -> JSONValue {
    try enter()
    var values: [JSONValue] = []
    skipSpace()
    if at < bytes.count, bytes[at] == 0x5D {
      at += 1
      depth -= 1
      return .array([])
    }
    while true {
      values.append(try value())
      if try endOfList(0x5D) { return .array(values) }
    }
  }

  /// Reads `,` (false) or the closing character (true).
  private mutating func endOfList(_ close: UInt8) throws(SpecError) -> Bool {
    skipSpace()
    guard at < bytes.count else { throw error("the document ends early") }
    let byte = bytes[at]
    guard byte == close || byte == 0x2C else { throw error("expected `,` or a closing bracket") }
    at += 1
    if byte == close { depth -= 1 }
    return byte == close
  }

  private mutating func string() throws(SpecError) -> String {
    at += 1
    let start = at
    while at < bytes.count {
      let byte = bytes[at]
      if byte == 0x22 {
        let text = try text(bytes[start..<at])
        at += 1
        return text
      }
      if byte == 0x5C { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw error("control character in a string") }
      at += 1
    }
    throw error("the document ends inside a string")
  }

  private func text(_ slice: some Collection<UInt8>) throws(SpecError) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw error("a string is not UTF-8")
    }
    return text
  }

  private mutating func escapedString(from start: Int) throws(SpecError) -> String {
    var out = Array(bytes[start..<at])
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == 0x22 { return try text(out) }
      guard byte >= 0x20 else { throw error("control character in a string") }
      guard byte == 0x5C else {
        out.append(byte)
        continue
      }
      guard at < bytes.count else { break }
      try escape(into: &out)
    }
    throw error("the document ends inside a string")
  }

  private mutating func escape(into out: inout [UInt8]) throws(SpecError) {
    let byte = bytes[at]
    at += 1
    switch byte {
    case 0x22, 0x5C, 0x2F: out.append(byte)
    case 0x62: out.append(0x08)
    case 0x66: out.append(0x0C)
    case 0x6E: out.append(0x0A)
    case 0x72: out.append(0x0D)
    case 0x74: out.append(0x09)
    case 0x75:
      var scalar = try hexQuad()
      if (0xD800..<0xDC00).contains(scalar) {
        guard bytes.count - at >= 6, bytes[at] == 0x5C, bytes[at + 1] == 0x75 else {
          throw error("half of a surrogate pair")
        }
        at += 2
        let low = try hexQuad()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let unicode = Unicode.Scalar(scalar) else { throw error("half of a surrogate pair") }
      out += Array(String(Character(unicode)).utf8)
    default: throw error("unknown escape")
    }
  }

  private mutating func hexQuad() throws(SpecError) -> UInt32 {
    guard bytes.count - at >= 4 else { throw error("the document ends inside a string") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = bytes[at].hexDigitValue else { throw error("bad \\u escape") }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  private mutating func number() throws(SpecError) -> JSONValue {
    let start = at
    if bytes[at] == 0x2D { at += 1 }
    let digits = at
    skipDigits()
    guard at > digits else { throw error("bad number") }
    guard bytes[digits] != 0x30 || at == digits + 1 else { throw error("number with leading zero") }
    var whole = true
    if at < bytes.count, bytes[at] == 0x2E {
      whole = false
      at += 1
      let fraction = at
      skipDigits()
      guard at > fraction else { throw error("bad number") }
    }
    if at < bytes.count, bytes[at] == 0x65 || bytes[at] == 0x45 {
      whole = false
      at += 1
      if at < bytes.count, bytes[at] == 0x2B || bytes[at] == 0x2D { at += 1 }
      let exponent = at
      skipDigits()
      guard at > exponent else { throw error("bad number") }
    }
    guard at - start <= 64 else { throw error("number too long") }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if whole, let integer = Int64(text) { return .integer(integer) }
    if whole, let unsigned = UInt64(text) { return .unsigned(unsigned) }
    guard let number = Double(text), number.isFinite else { throw error("number out of range") }
    return .number(number)
  }

  private mutating func skipDigits() {
    while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
  }
}

extension JSONValue {
  /// The document in `bytes`; the error has the line of what is wrong.
  public init(parsing bytes: [UInt8]) throws(SpecError) { self = try JSONParser.parse(bytes) }
}
