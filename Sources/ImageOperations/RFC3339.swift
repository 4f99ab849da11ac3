/// Times as images write them: `2024-05-01T10:11:12.123456789Z`, or with an offset (RFC 3339, 5.6).
enum RFC3339 {
  /// Nanoseconds since the epoch; nil when it is no such time.
  static func nanoseconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] | 0x20 == 0x74,
      bytes[13] == 0x3A, bytes[16] == 0x3A,
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
      let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
      let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    var rest = bytes[19...]
    var fraction: Int64 = 0
    if rest.first == 0x2E {
      let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
      rest = rest.dropFirst(1 + digits.count)
      let nine = Array(digits.prefix(9))
      fraction = number((nine + Array(repeating: 0x30, count: 9 - nine.count))[...]) ?? 0
    }
    guard let offset = offset(rest) else { return nil }
    let days = daysSinceEpoch(year: year, month: month, day: day)
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset
    // 64 bits of nanoseconds reach from 1678 to 2262.
    guard abs(seconds) < 9_000_000_000 else { return nil }
    return seconds * 1_000_000_000 + fraction
  }

  /// A time in UTC, to the second.
  static func text(_ nanoseconds: Int64) -> String {
    let seconds = nanoseconds.quotientAndFloor(1_000_000_000)
    let days = seconds.quotientAndFloor(86_400)
    let inDay = seconds - days * 86_400
    let (year, month, day) = date(daysSinceEpoch: days)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(year)-\(two(month))-\(two(day))T\(two(inDay / 3_600)):\(two(inDay / 60 % 60)):"
      + "\(two(inDay % 60))Z"
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    var value: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      value = value * 10 + Int64(digit - 0x30)
    }
    return value
  }

  private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
    let bytes = Array(bytes)
    if bytes.count == 1, bytes[0] | 0x20 == 0x7A { return 0 }
    guard bytes.count == 6, bytes[0] == 0x2B || bytes[0] == 0x2D, bytes[3] == 0x3A,
      let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6])
    else { return nil }
    return (bytes[0] == 0x2D ? -1 : 1) * (hours * 3_600 + minutes * 60)
  }

  /// The Gregorian calendar in years that start in March, so that leap days come last.
  private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month > 2 ? year : year - 1
    let era = shifted.quotientAndFloor(400)
    let yearOfEra = shifted - era * 400
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(daysSinceEpoch days: Int64) -> (Int64, Int64, Int64) {
    var low = days.quotientAndFloor(366) + 1_970
    if days < 0 { low -= 1 }
    var year = low
    while daysSinceEpoch(year: year + 1, month: 1, day: 1) <= days { year += 1 }
    var month: Int64 = 12
    while daysSinceEpoch(year: year, month: month, day: 1) > days { month -= 1 }
    return (year, month, days - daysSinceEpoch(year: year, month: month, day: 1) + 1)
  }
}

extension Int64 {
  /// Division that rounds down.
  fileprivate func quotientAndFloor(_ divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
