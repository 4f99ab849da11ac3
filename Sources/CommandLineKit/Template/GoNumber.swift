/// Numbers as Go reads and prints them.
enum GoNumber {
  /// A literal of a template: 12, -3, 0x1f, 1_000, 1.5, 1e3.
  static func literal(_ text: String) -> TemplateToken.Kind? {
    let plain = text.filter { $0 != "_" }
    if let value = Int64(plain) { return .int(value) }
    let negative = plain.hasPrefix("-")
    let body = negative || plain.hasPrefix("+") ? plain.dropFirst() : plain[...]
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)]
    where body.hasPrefix(prefix) {
      let digits = (negative ? "-" : "") + body.dropFirst(2)
      return Int64(digits, radix: radix).map { .int($0) }
    }
    guard body.first?.isNumber == true || body.first == ".", body.contains(where: isFloating),
      let value = Double(body.first == "." ? "0" + body : String(body)), value.isFinite
    else { return nil }
    return .double(negative ? -value : value)
  }

  private static func isFloating(_ character: Character) -> Bool {
    character == "." || character == "e" || character == "E"
  }

  /// `%v`: the shortest digits that read back, with an exponent below 1e-4 and from 1e6 on.
  static func general(_ value: Double) -> String {
    guard value.isFinite else { return special(value) }
    let (digits, point) = shortest(value)
    if value != 0, point - 1 < -4 || point - 1 >= 6 { return exponent(value, digits, point) }
    return plain(value, digits, point)
  }

  /// As encoding/json: an exponent below 1e-6 and from 1e21 on, "1e-7" rather than "1e-07".
  static func json(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    let size = value.magnitude
    let (digits, point) = shortest(value)
    guard size != 0, size < 1e-6 || size >= 1e21 else { return plain(value, digits, point) }
    let text = exponent(value, digits, point)
    guard text.hasSuffix("e-0\(text.last ?? "0")") else { return text }
    return text.dropLast(2) + String(text.suffix(1))
  }

  /// `%.2f` in Go's spelling.
  static func fixed(_ value: Double, precision: Int) -> String {
    guard value.isFinite else { return special(value) }
    let exact = exactDigits(value)
    var (digits, point) = rounded(exact.digits, exact.point, keeping: exact.point + precision)
    if point <= 0 {
      digits = Array(repeating: 0, count: 1 - point) + digits
      point = 1
    }
    digits += Array(repeating: 0, count: max(0, point + precision - digits.count))
    let whole = text(digits[..<point])
    let part = text(digits[point..<point + precision])
    return sign(value) + whole + (precision > 0 ? "." + part : "")
  }

  /// `%e` in Go's spelling.
  static func scientific(_ value: Double, precision: Int) -> String {
    guard value.isFinite else { return special(value) }
    let exact = exactDigits(value)
    var (digits, point) = rounded(exact.digits, exact.point, keeping: precision + 1)
    if value == 0 { point = 1 }
    digits += Array(repeating: 0, count: max(0, precision + 1 - digits.count))
    return exponent(value, Array(digits.prefix(precision + 1)), point)
  }

  /// `%.3g`: so many digits, trailing zeros dropped.
  static func significant(_ value: Double, digits count: Int) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : special(value) }
    let exact = exactDigits(value)
    let count = max(1, count)
    var (digits, point) = rounded(exact.digits, exact.point, keeping: count)
    digits = Array(digits.prefix(count))
    while digits.count > 1, digits.last == 0 { digits.removeLast() }
    let limit = count > digits.count && digits.count >= point ? digits.count : count
    if point - 1 < -4 || point - 1 >= limit { return exponent(value, digits, point) }
    return plain(value, digits, point)
  }

  // MARK: digits

  private static func special(_ value: Double) -> String {
    value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf"
  }

  private static func sign(_ value: Double) -> String { value.sign == .minus ? "-" : "" }

  private static func text(_ digits: some Sequence<UInt8>) -> String {
    String(decoding: digits.map { $0 + 0x30 }, as: UTF8.self)
  }

  private static func exponent(_ value: Double, _ digits: [UInt8], _ point: Int) -> String {
    let power = value == 0 ? 0 : point - 1
    let part = digits.count > 1 ? "." + text(digits[1...]) : ""
    let size = String(power.magnitude)
    return sign(value) + text(digits.prefix(1)) + part + (power < 0 ? "e-" : "e+")
      + (size.utf8.count < 2 ? "0" : "") + size
  }

  private static func plain(_ value: Double, _ digits: [UInt8], _ point: Int) -> String {
    if point <= 0 {
      return value == 0
        ? sign(value) + "0"
        : sign(value) + "0." + String(repeating: "0", count: -point) + text(digits)
    }
    let zeros = String(repeating: "0", count: max(0, point - digits.count))
    let part = digits.count > point ? "." + text(digits[point...]) : ""
    return sign(value) + text(digits.prefix(point)) + zeros + part
  }

  /// 0.d1d2d3… times 10^point.
  ///
  /// Swift's description has the shortest digits that read back.
  private static func shortest(_ value: Double) -> (digits: [UInt8], point: Int) {
    var digits: [UInt8] = []
    var point: Int?
    let parts = value.magnitude.description.split(separator: "e")
    for byte in (parts.first ?? "0").utf8 {
      if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte - 0x30) }
    }
    var position = (point ?? digits.count) + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.count > 1, digits.last == 0 { digits.removeLast() }
    while digits.count > 1, digits.first == 0 {
      digits.removeFirst()
      position -= 1
    }
    if digits == [0] { position = 0 }
    return (digits, position)
  }

  /// Every decimal digit of the binary number: m·2^e is m·5^-e with the point moved by e.
  private static func exactDigits(_ value: Double) -> (digits: [UInt8], point: Int) {
    guard value != 0 else { return ([0], 1) }
    let stored = Int(value.exponentBitPattern)
    let mantissa = value.significandBitPattern | (stored == 0 ? 0 : 1 << 52)
    let power = max(stored, 1) - 1075
    var reversed: [UInt8] = String(mantissa).utf8.reversed().map { $0 - 0x30 }
    let factor = power < 0 ? 5 : 2
    for _ in 0..<power.magnitude {
      var carry = 0
      for index in reversed.indices {
        let product = Int(reversed[index]) * factor + carry
        reversed[index] = UInt8(product % 10)
        carry = product / 10
      }
      if carry > 0 { reversed.append(UInt8(carry)) }
    }
    return (reversed.reversed(), reversed.count + min(power, 0))
  }

  /// Half to even.
  private static func rounded(
    _ digits: [UInt8], _ point: Int, keeping count: Int
  ) -> (digits: [UInt8], point: Int) {
    guard count < digits.count else { return (digits, point) }
    guard count >= 0 else { return ([0], 1) }
    var kept = Array(digits.prefix(count))
    let rest = digits[count...]
    let tie = rest.first == 5 && rest.dropFirst().allSatisfy { $0 == 0 }
    let up = tie ? (kept.last ?? 0) % 2 == 1 : (rest.first ?? 0) >= 5
    guard up else { return kept.isEmpty ? ([0], 1) : (kept, point) }
    var index = count - 1
    while index >= 0, kept[index] == 9 {
      kept[index] = 0
      index -= 1
    }
    if index >= 0 {
      kept[index] += 1
      return (kept, point)
    }
    return ([1] + kept, point + 1)
  }
}
