/// An IPv4 or IPv6 address; `description` is its canonical text (RFC 5952 for IPv6).
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16 bytes in network order.
  public let bytes: [UInt8]

  /// Takes an address as people write it: no prefix, zone or brackets.
  public init?(_ text: String) { self.init(text[...]) }

  public init?(_ text: Substring) {
    let text = Array(text.utf8)[...]
    guard
      let bytes = text.contains(UInt8(ascii: ":")) ? Self.version6(text) : Self.version4(text)
    else { return nil }
    self.bytes = bytes
  }

  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) { bytes = [a, b, c, d] }

  /// `::1`.
  public static let loopback6 = IPAddress(bytes: [UInt8](repeating: 0, count: 15) + [1])

  private init(bytes: [UInt8]) { self.bytes = bytes }

  public var isVersion6: Bool { bytes.count == 16 }

  public var isLoopback: Bool {
    isVersion6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1 : bytes[0] == 127
  }

  /// `0.0.0.0` or `::`.
  public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

  public var description: String {
    if !isVersion6 { return "\(bytes[0]).\(bytes[1]).\(bytes[2]).\(bytes[3])" }
    let groups = stride(from: 0, to: 16, by: 2).map {
      UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
    }
    func text(_ part: ArraySlice<UInt16>) -> String {
      part.reduce(into: "") { $0 += ($0.isEmpty ? "" : ":") + String($1, radix: 16) }
    }
    guard let gap = Self.longestZeros(groups) else { return text(groups[...]) }
    return "\(text(groups[..<gap.lowerBound]))::\(text(groups[gap.upperBound...]))"
  }

  /// As it stands before a port: IPv6 in brackets.
  public var bracketed: String { isVersion6 ? "[\(self)]" : description }

  private static func longestZeros(_ groups: [UInt16]) -> Range<Int>? {
    var best = 0..<0
    var start = 0
    for (index, group) in groups.enumerated() {
      if group != 0 {
        start = index + 1
      } else if index + 1 - start > best.count {
        best = start..<(index + 1)
      }
    }
    return best.count >= 2 ? best : nil
  }

  private static func version4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    for part in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      // A leading zero is octal to some readers and decimal to others.
      guard part.count == 1 || part.first != UInt8(ascii: "0"),
        let value = number(part, radix: 10, digits: 3), value <= 255
      else { return nil }
      bytes.append(UInt8(value))
    }
    return bytes.count == 4 ? bytes : nil
  }

  private static func number(_ text: ArraySlice<UInt8>, radix: UInt16, digits: Int) -> UInt16? {
    guard 1...digits ~= text.count else { return nil }
    var value: UInt16 = 0
    for byte in text {
      guard let digit = byte.hexDigitValue, digit < radix else { return nil }
      value = value * radix + UInt16(digit)
    }
    return value
  }

  private static func version6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let colon = UInt8(ascii: ":")
    let gaps = text.indices.dropLast().filter { text[$0] == colon && text[$0 + 1] == colon }
    guard gaps.count <= 1 else { return nil }
    guard let gap = gaps.first else {
      guard let all = groups(text), all.count == 16 else { return nil }
      return all
    }
    guard let head = groups(text[..<gap]), let tail = groups(text[(gap + 2)...]),
      head.count + tail.count <= 14
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// The bytes of `a:b:…`, where the last part may be an IPv4 address.
  private static func groups(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
        guard let last = version4(part) else { return nil }
        bytes += last
        continue
      }
      guard let value = number(part, radix: 16, digits: 4) else { return nil }
      bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
    }
    return bytes.count <= 16 ? bytes : nil
  }
}
