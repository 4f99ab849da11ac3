/// Durations as Go writes them: `1h30m`, `1.5s`, `-300ms`.
public enum GoDuration {
  /// Nanoseconds; nil for anything else.
  public static func parse(_ text: String) -> Int64? {
    var rest = Substring(text)
    var total = 0.0
    let isNegative = rest.hasPrefix("-")
    if isNegative || rest.hasPrefix("+") { rest = rest.dropFirst() }
    guard !rest.isEmpty else { return nil }
    // The one number that needs no unit (Go's time.ParseDuration).
    if rest == "0" { return 0 }
    let units: [(String, Double)] = [
      ("ms", 1e6), ("us", 1e3), ("ns", 1), ("h", 3.6e12), ("m", 6e10), ("s", 1e9),
    ]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      guard !digits.isEmpty, let number = Double(digits) else { return nil }
      rest = rest[digits.endIndex...]
      guard let unit = units.first(where: { rest.hasPrefix($0.0) }) else { return nil }
      rest = rest.dropFirst(unit.0.count)
      total += number * unit.1
    }
    return total < 9e18 ? Int64(isNegative ? -total : total) : nil
  }

  /// As Go prints a duration in nanoseconds: `1h2m0.5s`, `300ms`, `0s`.
  public static func format(_ nanoseconds: Int64) -> String {
    if nanoseconds == 0 { return "0s" }
    let sign = nanoseconds < 0 ? "-" : ""
    let total = nanoseconds.magnitude
    guard total >= 1_000_000_000 else {
      let (scale, unit): (UInt64, String) =
        total >= 1_000_000 ? (1_000_000, "ms") : total >= 1_000 ? (1_000, "µs") : (1, "ns")
      return sign + decimal(total, scale) + unit
    }
    let minutes = total / 60_000_000_000
    let seconds = decimal(total % 60_000_000_000, 1_000_000_000) + "s"
    if minutes == 0 { return sign + seconds }
    if minutes < 60 { return "\(sign)\(minutes)m\(seconds)" }
    return "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
  }

  /// `value / scale` without zeros at the end.
  private static func decimal(_ value: UInt64, _ scale: UInt64) -> String {
    var fraction = value % scale
    guard fraction != 0 else { return "\(value / scale)" }
    var digits = ""
    var rest = scale
    while fraction != 0 {
      rest /= 10
      digits += "\(fraction / rest)"
      fraction %= rest
    }
    return "\(value / scale).\(digits)"
  }
}
