/// An IPv4 or IPv6 address; `description` is its canonical text (RFC 5952 for IPv6).
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16 bytes in network order.
  public let bytes: [UInt8]

  /// Takes an address as people write it: no prefix, zone or brackets.
  public init?(_ text: some StringProtocol) {
    guard let bytes = text.contains(":") ? Self.version6(text) : Self.version4(text) else {
      return nil
    }
    self.bytes = bytes
  }

  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) { bytes = [a, b, c, d] }

  public var isVersion6: Bool { bytes.count == 16 }

  public var isLoopback: Bool {
    isVersion6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1 : bytes[0] == 127
  }

  /// `0.0.0.0` or `::`.
  public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

  public var description: String {
    if !isVersion6 { return bytes.map { "\($0)" }.joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map {
      UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
    }
    func text(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
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

  private static func version4(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      // A leading zero is octal to some readers and decimal to others.
      guard let value = decimal(part), part.count == 1 || part.first != "0" else { return nil }
      bytes.append(value)
    }
    return bytes
  }

  private static func decimal(_ text: some StringProtocol) -> UInt8? {
    text.allSatisfy { $0.isASCII && $0.isNumber } ? UInt8(text) : nil
  }

  private static func version6(_ text: some StringProtocol) -> [UInt8]? {
    let characters = Array(text)
    var gaps: [Int] = []
    for index in characters.indices.dropLast()
    where characters[index] == ":" && characters[index + 1] == ":" { gaps.append(index) }
    guard gaps.count <= 1 else { return nil }
    guard let gap = gaps.first else {
      guard let all = groups(characters[...]), all.count == 16 else { return nil }
      return all
    }
    guard let head = groups(characters[..<gap]), let tail = groups(characters[(gap + 2)...]),
      head.count + tail.count <= 14
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// The bytes of `a:b:…`, where the last part may be an IPv4 address.
  private static func groups(_ text: ArraySlice<Character>) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, part.contains(".") {
        guard let last = version4(String(part)) else { return nil }
        bytes += last
        continue
      }
      guard part.count <= 4, part.allSatisfy(\.isHexDigit), part.allSatisfy(\.isASCII),
        let value = UInt16(String(part), radix: 16)
      else { return nil }
      bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
    }
    return bytes.count <= 16 ? bytes : nil
  }
}
