import LinuxSystem

/// Numbers and moments as people read them.
public enum Human {
  /// Decimal units and three significant digits: `4.26 MB`; four with `more`.
  public static func size(_ bytes: Int64, more: Bool = false) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    var unit = 0
    var scale: Int64 = 1
    while unit < units.count - 1, bytes / scale >= 1000 {
      scale *= 1000
      unit += 1
    }
    return "\(significant(bytes, scale, more: more)) \(units[unit])"
  }

  /// The same without a space: `4.26MB`, as podman shows containers' sizes.
  static func compactSize(_ bytes: Int64, more: Bool = false) -> String {
    size(bytes, more: more).split(separator: " ").joined()
  }

  /// `bytes / scale` rounded to three significant digits, or four, without zeros at the end.
  private static func significant(_ bytes: Int64, _ scale: Int64, more: Bool) -> String {
    if scale == 1 { return "\(bytes)" }
    let whole = bytes / scale
    let digits = (whole >= 100 ? 0 : whole >= 10 ? 1 : 2) + (more ? 1 : 0)
    let power: Int64 = [1, 10, 100, 1000][digits]
    // Halves of the last digit away from zero; scale is a power of 1000, so this is exact.
    let rounded = (bytes / (scale / 1000) * power + 500) / 1000
    var fraction = "\(rounded % power)"
    fraction = String(repeating: "0", count: max(0, digits - fraction.utf8.count)) + fraction
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return fraction.isEmpty || digits == 0 ? "\(rounded / power)" : "\(rounded / power).\(fraction)"
  }

  /// How long ago a moment was: `3 minutes ago`, `About a minute ago`.
  public static func ago(_ moment: Int64, now: Int64? = nil) -> String {
    "\(duration((now ?? Clock.realtime()) - moment)) ago"
  }

  /// A length of time in nanoseconds: `2 weeks`, `Less than a second`.
  public static func duration(_ nanoseconds: Int64) -> String {
    let seconds = max(0, nanoseconds) / 1_000_000_000
    let minutes = seconds / 60
    // Rounded, as both docker and podman do.
    let hours = (minutes + 30) / 60
    func count(_ number: Int64, _ unit: String) -> String {
      "\(number) \(unit)\(number == 1 ? "" : "s")"
    }
    switch (seconds, minutes, hours) {
    case (0, _, _): return "Less than a second"
    case (..<60, _, _): return count(seconds, "second")
    case (_, 1, _): return "About a minute"
    case (_, ..<60, _): return count(minutes, "minute")
    case (_, _, 1): return "About an hour"
    case (_, _, ..<48): return count(hours, "hour")
    case (_, _, ..<(24 * 7 * 2)): return count(hours / 24, "day")
    case (_, _, ..<(24 * 30 * 2)): return count(hours / 24 / 7, "week")
    case (_, _, ..<(24 * 365 * 2)): return count(hours / 24 / 30, "month")
    default: return count(hours / 24 / 365, "year")
    }
  }
}
