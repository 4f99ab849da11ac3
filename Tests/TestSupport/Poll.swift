import Glibc

/// Waiting for a condition of another process that offers no event to wait for.
public enum Poll {
  /// Asks again, first every millisecond and then more slowly, until `condition` holds.
  ///
  /// Returns false when `deadline` has passed; the condition is asked once more at the end, so a
  /// machine that was asleep is not taken for a failure.
  public static func until(
    deadline: Duration = .seconds(20), _ condition: () throws -> Bool
  ) rethrows -> Bool {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: deadline)
    var pause: useconds_t = 1_000
    while clock.now < end {
      if try condition() { return true }
      // Not a wait for an event: the pause between two looks at it.
      usleep(pause)
      pause = min(pause * 2, 50_000)
    }
    return try condition()
  }
}
