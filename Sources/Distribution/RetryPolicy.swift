/// How often and after how long a failed request is tried again.
public struct RetryPolicy: Sendable {
  /// All tries of one request, the first included.
  public var attempts = 4
  public var firstDelay = Duration.seconds(1)
  public var longestDelay = Duration.seconds(30)
  /// Whether every pause is as long as the first, as for one that was asked for
  /// (`retry_delay` of containers.conf(5)).
  public var isSteady = false
  /// Whether a registry that cannot be connected to is tried again.
  ///
  /// Not unless it was asked for: most often the name is wrong, and that is to be told at once.
  public var retriesConnecting = false
  /// A registry that asks for a longer pause is not waited for.
  public var longestRetryAfter = Duration.seconds(120)

  public init() {}

  /// Exponential back-off with full jitter in its upper half; `random` is in 0..<1.
  func delay(afterAttempt attempt: Int, random: Double) -> Duration {
    guard !isSteady else { return firstDelay }
    let factor = 1 << min(attempt - 1, 16)
    let full = min(firstDelay * factor, longestDelay)
    return full * (0.5 + random / 2)
  }
}
