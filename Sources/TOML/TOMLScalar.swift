/// Booleans, numbers and dates.
enum TOMLScalar {
  static func read(_ word: String) -> TOMLValue? {
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "inf", "+inf": return .float(.infinity)
    case "-inf": return .float(-.infinity)
    case "nan", "+nan", "-nan": return .float(.nan)
    default: break
    }
    if isDate(word) { return .date(word) }
    return integer(word).map { .integer($0) } ?? float(word).map { .float($0) }
  }

  static func integer(_ word: String) -> Int64? {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.hasPrefix(prefix) {
      let digits = word.dropFirst(2)
      guard digits.first != "+", digits.first != "-" else { return nil }
      return withoutUnderscores(String(digits)).flatMap { Int64($0, radix: radix) }
    }
    guard let plain = withoutUnderscores(word), hasNoLeadingZero(plain) else { return nil }
    return Int64(plain)
  }

  static func float(_ word: String) -> Double? {
    guard let plain = withoutUnderscores(word) else { return nil }
    let mantissa = plain.prefix { $0 != "e" && $0 != "E" }
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    let whole = parts[0].drop { $0 == "+" || $0 == "-" }
    guard parts.count <= 2, !whole.isEmpty, whole.allSatisfy(\.isWholeNumber),
      parts.count == 1 || !parts[1].isEmpty && parts[1].allSatisfy(\.isWholeNumber),
      hasNoLeadingZero(String(parts[0]))
    else { return nil }
    return Double(plain)
  }

  /// Underscores may stand between digits only.
  private static func withoutUnderscores(_ word: String) -> String? {
    guard word.contains("_") else { return word }
    let bytes = Array(word.utf8)
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
      guard index > 0, index + 1 < bytes.count, isDigit(bytes[index - 1]), isDigit(bytes[index + 1])
      else { return nil }
    }
    return word.filter { $0 != "_" }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  private static func hasNoLeadingZero(_ word: String) -> Bool {
    let digits = word.drop { $0 == "+" || $0 == "-" }
    return digits.count < 2 || !digits.hasPrefix("0") || digits.hasPrefix("0.")
      || digits.hasPrefix("0e") || digits.hasPrefix("0E")
  }

  /// `1979-05-27`, `07:32:00`, or both; only the shape is looked at.
  private static func isDate(_ word: String) -> Bool {
    let bytes = Array(word.utf8)
    func hasDigits(_ places: [Int]) -> Bool {
      places.allSatisfy { (0x30...0x39).contains(bytes[$0]) }
    }
    if bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") {
      return hasDigits([0, 1, 2, 3, 5, 6, 8, 9])
    }
    return bytes.count >= 8 && bytes[2] == UInt8(ascii: ":") && bytes[5] == UInt8(ascii: ":")
      && hasDigits([0, 1, 3, 4, 6, 7])
  }
}
