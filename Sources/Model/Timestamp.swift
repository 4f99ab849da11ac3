/// Moments as text (RFC 3339), counted in nanoseconds since 1970-01-01 UTC.
public enum Timestamp {
  /// `2026-01-02T03:04:05.678901234Z`, with an offset of seconds east of UTC when given.
  public static func format(_ nanoseconds: Int64, offset: Int = 0, fraction: Bool = true) -> String
  {
    let seconds = floorDivide(nanoseconds, 1_000_000_000)
    let rest = nanoseconds - seconds * 1_000_000_000
    let local = seconds + Int64(offset)
    let days = floorDivide(local, 86_400)
    let second = Int(local - days * 86_400)
    let (year, month, day) = civil(days)
    var text = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T"
    text += "\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))"
    if fraction { text += ".\(pad(Int(rest), 9))" }
    return text + zone(offset)
  }

  /// `2026-01-02 03:04:05.678901234 +0000 UTC`, as Go prints a time.
  public static func goFormat(_ nanoseconds: Int64) -> String {
    let text = format(nanoseconds, fraction: false)
    let rest = nanoseconds - floorDivide(nanoseconds, 1_000_000_000) * 1_000_000_000
    var fraction = rest == 0 ? "" : "." + pad(Int(rest), 9)
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))\(fraction) +0000 UTC"
  }

  private static func zone(_ offset: Int) -> String {
    if offset == 0 { return "Z" }
    let minutes = abs(offset) / 60
    return "\(offset < 0 ? "-" : "+")\(pad(minutes / 60, 2)):\(pad(minutes % 60, 2))"
  }

  /// Reads RFC 3339 (with or without fraction and offset, `T` or space), a date, or Unix seconds
  /// with an optional fraction.
  ///
  /// Nil for anything else. Without an offset the time is UTC.
  public static func parse(_ text: some StringProtocol) -> Int64? {
    let characters = Array(text.utf8)
    func number(_ from: Int, _ count: Int) -> Int64? {
      guard from + count <= characters.count else { return nil }
      var value: Int64 = 0
      for byte in characters[from..<(from + count)] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      return value
    }
    guard characters.count >= 10, characters[4] == 0x2D, characters[7] == 0x2D,
      let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
      (1...12).contains(month), (1...31).contains(day)
    else { return unix(text) }
    let seconds = daysFromCivil(Int(year), Int(month), Int(day)) * 86_400
    // 64 bits of nanoseconds reach from 1678 to 2262; images do say 0001-01-01.
    guard abs(seconds) < 9_000_000_000 else { return nil }
    var nanoseconds = seconds * 1_000_000_000
    if characters.count == 10 { return nanoseconds }
    guard characters.count >= 19, characters[10] == 0x54 || characters[10] == 0x20,
      let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
      hour < 24, minute < 60, second <= 60
    else { return nil }
    nanoseconds += (hour * 3600 + minute * 60 + second) * 1_000_000_000
    var at = 19
    if at < characters.count, characters[at] == 0x2E {
      at += 1
      var scale: Int64 = 100_000_000
      while at < characters.count, (0x30...0x39).contains(characters[at]) {
        nanoseconds += Int64(characters[at] - 0x30) * scale
        scale /= 10
        at += 1
      }
    }
    if at == characters.count || characters[at] == 0x5A { return nanoseconds }
    guard characters[at] == 0x2B || characters[at] == 0x2D, let hours = number(at + 1, 2) else {
      return nil
    }
    let colon = at + 3 < characters.count && characters[at + 3] == 0x3A ? 1 : 0
    guard let minutes = number(at + 3 + colon, 2) else { return nil }
    let offset = (hours * 3600 + minutes * 60) * 1_000_000_000
    return characters[at] == 0x2B ? nanoseconds - offset : nanoseconds + offset
  }

  private static func unix(_ text: some StringProtocol) -> Int64? {
    let parts = text.split(separator: ".", maxSplits: 1)
    guard let seconds = parts.first.flatMap({ Int64($0) }), abs(seconds) < 9_000_000_000 else {
      return nil
    }
    guard parts.count == 2 else { return seconds * 1_000_000_000 }
    let digits = parts[1].prefix(9)
    guard digits.allSatisfy(\.isNumber), var fraction = Int64(digits) else { return nil }
    for _ in digits.count..<9 { fraction *= 10 }
    return seconds * 1_000_000_000 + fraction
  }

  private static func pad(_ value: Int, _ width: Int) -> String {
    let text = "\(value)"
    return text.count >= width
      ? text : String(repeating: "0", count: width - text.count) + text
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    a >= 0 ? a / b : -((b - 1 - a) / b)
  }

  /// Year, month and day of a day counted from 1970-01-01 (proleptic Gregorian calendar).
  private static func civil(_ days: Int64) -> (Int, Int, Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (Int(year), Int(month), Int(day))
  }

  private static func daysFromCivil(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
