import LinuxSystem
public import Model

/// Times of options: a moment, or a duration back from now such as `10m`.
public enum Moments {
  /// Nanoseconds since 1970.
  ///
  /// `forward`: a duration counts from now on instead.
  public static func parse(_ text: String, forward: Bool = false) throws(ErrorReport) -> Int64 {
    // A bare 0 counts from 1970, as any number does.
    if text != "0", let duration = GoDuration.parse(text) {
      return Clock.realtime() + (forward ? duration : -duration)
    }
    if let time = Timestamp.parse(text) ?? Timestamp.parse(withPoint(text)) { return time }
    throw ErrorReport(
      .invalidRequest, "invalid time \"\(text)\"",
      hint: "write 2026-01-31T12:00:00Z, seconds since 1970, or a duration such as 10m")
  }

  /// ISO 8601 lets a comma stand before the fraction, and `date -Ins` writes it so.
  private static func withPoint(_ text: String) -> String {
    guard let comma = text.firstIndex(of: ",") else { return text }
    return text[..<comma] + "." + text[text.index(after: comma)...]
  }
}
