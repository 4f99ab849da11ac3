import LinuxSystem

/// Moments as log files spell them (RFC 3339, nanoseconds).
///
/// The text of the current second is kept.
struct LogTimestamp {
  private var second: Int64 = .min
  private var text: [UInt8] = []
  private var zone: [UInt8] = []
  private var offset: Int64 = 0
  private var offsetChecked: Int64 = .min
  private let isUTC: Bool

  /// - Parameter utc: spells UTC with `Z`; otherwise local time with its offset.
  init(utc: Bool) { isUTC = utc }

  /// Appends `2026-01-02T03:04:05.123456789+00:00` for nanoseconds since the epoch.
  mutating func append(_ nanoseconds: Int64, to buffer: inout [UInt8]) {
    let now = nanoseconds / 1_000_000_000
    if now != second { remember(now) }
    buffer += text
    Self.append(nanoseconds % 1_000_000_000, digits: 9, to: &buffer)
    buffer += zone
  }

  private mutating func remember(_ now: Int64) {
    // An offset changes on a quarter of an hour at most; asking is a library call.
    if !isUTC && now / 900 != offsetChecked {
      offset = Int64(Clock.localOffset(atSecond: now))
      offsetChecked = now / 900
    }
    second = now
    let local = now + offset
    let date = Self.civil(day: Self.floorDivide(local, 86_400))
    let time = local - Self.floorDivide(local, 86_400) * 86_400
    text.removeAll(keepingCapacity: true)
    for (value, digits, after) in [
      (date.year, 4, UInt8(ascii: "-")), (date.month, 2, UInt8(ascii: "-")),
      (date.day, 2, UInt8(ascii: "T")), (time / 3_600, 2, UInt8(ascii: ":")),
      (time / 60 % 60, 2, UInt8(ascii: ":")), (time % 60, 2, UInt8(ascii: ".")),
    ] {
      Self.append(value, digits: digits, to: &text)
      text.append(after)
    }
    zone.removeAll(keepingCapacity: true)
    guard !isUTC else {
      zone.append(UInt8(ascii: "Z"))
      return
    }
    zone.append(UInt8(ascii: offset < 0 ? "-" : "+"))
    Self.append(abs(offset) / 3_600, digits: 2, to: &zone)
    zone.append(UInt8(ascii: ":"))
    Self.append(abs(offset) / 60 % 60, digits: 2, to: &zone)
  }

  private static func append(_ value: Int64, digits: Int, to buffer: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      buffer.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }

  private static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
    value >= 0 ? value / by : -((-value + by - 1) / by)
  }

  /// The Gregorian date of a day counted from 1970-01-01, by 400-year cycles that start in March.
  private static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    )
  }
}
