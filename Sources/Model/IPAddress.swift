/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16 bytes, in network order.
  public let bytes: [UInt8]

  public init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`; no zone, no leading zeros in IPv4.
  public init?(_ text: some StringProtocol) {
    var text = Substring(text)
    if text.hasPrefix("[") && text.hasSuffix("]") {
      text = text.dropFirst().dropLast()
      guard text.contains(":") else { return nil }
    }
    guard let bytes = text.contains(":") ? Self.version6(text) : Self.version4(text) else {
      return nil
    }
    self.bytes = bytes
  }

  public var isVersion6: Bool { bytes.count == 16 }
  public var isLoopback: Bool {
    isVersion6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1 : bytes[0] == 127
  }
  public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

  /// The shortest form (RFC 5952).
  public var description: String {
    guard isVersion6 else { return bytes.map { "\($0)" }.joined(separator: ".") }
    let groups = (0..<8).map { UInt16(bytes[$0 * 2]) << 8 | UInt16(bytes[$0 * 2 + 1]) }
    var gap = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8 && groups[end] == 0 { end += 1 }
      if end - start > max(gap.count, 1) { gap = start..<end }
      start = max(end, start + 1)
    }
    let texts = groups.map { String($0, radix: 16) }
    if gap.isEmpty { return texts.joined(separator: ":") }
    return texts[..<gap.lowerBound].joined(separator: ":") + "::"
      + texts[gap.upperBound...].joined(separator: ":")
  }

  private static func version4(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    let bytes = parts.compactMap { part -> UInt8? in
      guard part.allSatisfy({ "0"..."9" ~= $0 }), part.count == 1 || !part.hasPrefix("0") else {
        return nil
      }
      return UInt8(part)
    }
    return bytes.count == 4 ? bytes : nil
  }

  private static func version6(_ text: Substring) -> [UInt8]? {
    guard let gap = text.range(ofFirst: "::") else {
      return groups(text).flatMap { $0.count == 16 ? $0 : nil }
    }
    let after = text[gap.upperBound...]
    guard after.range(ofFirst: "::") == nil, let head = groups(text[..<gap.lowerBound]),
      let tail = groups(after), head.count + tail.count <= 14
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// Groups of hexadecimal digits; the last may be an IPv4 address.
  private static func groups(_ text: Substring) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, part.contains(".") {
        guard let last = version4(part) else { return nil }
        bytes += last
      } else {
        guard (1...4).contains(part.count), part.allSatisfy(\.isHexDigit),
          let value = UInt16(part, radix: 16)
        else { return nil }
        bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
      }
    }
    return bytes
  }
}

extension Substring {
  /// Where `text` first is.
  fileprivate func range(ofFirst text: String) -> Range<Index>? {
    var at = startIndex
    while at < endIndex {
      if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
      at = index(after: at)
    }
    return nil
  }
}
