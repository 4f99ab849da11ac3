import Model

/// When a server wants to be asked again (RFC 9110, section 10.2.3).
enum RetryAfter {
  /// Seconds, or a moment, which counts from that of the answer: our clock may be another.
  ///
  /// Nil when the server says nothing, or nothing that could be waited for.
  static func pause(_ headers: HTTPHeaders) -> Duration? {
    guard let text = headers["Retry-After"] else { return nil }
    var seconds = Int64(text)
    if let moment = nanoseconds(text), let now = headers["Date"].flatMap(nanoseconds) {
      seconds = max(0, (moment - now) / 1_000_000_000)
    }
    return seconds.flatMap { (0...86_400).contains($0) ? .seconds($0) : nil }
  }

  /// Nanoseconds of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
  private static func nanoseconds(_ text: String) -> Int64? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: parts[2]) else {
      return nil
    }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    return Timestamp.parse("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
  }

  private static let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
