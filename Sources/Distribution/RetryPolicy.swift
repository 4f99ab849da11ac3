/// How often and after how long a failed request is tried again.
public struct RetryPolicy: Sendable {
  /// All tries of one request, the first included.
  public var attempts = 6
  public var firstDelay = Duration.milliseconds(500)
  public var longestDelay = Duration.seconds(30)
  /// A registry that asks for a longer pause is not waited for.
  public var longestRetryAfter = Duration.seconds(120)

  public init() {}

  /// Exponential back-off with full jitter in its upper half; `random` is in 0..<1.
  func delay(afterAttempt attempt: Int, random: Double) -> Duration {
    let factor = 1 << min(attempt - 1, 16)
    let full = min(firstDelay * factor, longestDelay)
    return full * (0.5 + random / 2)
  }
}
