import Model

/// What a container's probes have told, and when the next one is due; knows no processes.
///
/// Times named `now` and `next` are the monotonic clock's.
struct HealthState {
  enum Verdict: Equatable {
    case none
    /// The action of an unhealthy container is due.
    case failed
    /// The startup checks have failed for good.
    case restart
  }

  private static let longestLog = 1_000
  private static let longestOutput = 65_536

  private(set) var order: HealthOrder
  private(set) var record = HealthRecord()
  /// When the next probe is due; nil: when somebody asks.
  private(set) var next: Int64?
  /// The startup checks have not passed yet.
  private(set) var isStartingUp: Bool
  private var startupResults = (successes: 0, failures: 0)
  private let start: Int64
  private var graceEnd: Int64 { start + order.startPeriod }
  private var hasSucceeded = false

  init(_ order: HealthOrder, startedAt now: Int64) {
    self.order = order
    isStartingUp = order.startup != nil
    start = now
    next = order.interval == nil ? nil : now
  }

  var timeout: Int64 { isStartingUp ? order.startup?.timeout ?? order.timeout : order.timeout }

  /// Bytes of output that are kept.
  var outputLimit: Int {
    order.logSize == 0 ? Self.longestOutput : min(order.logSize, Self.longestOutput)
  }

  /// Goes on by another order; the next probe is an interval away, if none is running.
  mutating func change(_ order: HealthOrder, isProbing: Bool, at now: Int64) {
    let hadStartup = self.order.startup != nil
    self.order = order
    isStartingUp = order.startup != nil && (isStartingUp || !hadStartup && !hasSucceeded)
    dropOldResults()
    guard !isProbing else { return }
    next = nil
    postpone(now)
  }

  private mutating func dropOldResults() {
    let limit = order.logCount == 0 ? Self.longestLog : min(order.logCount, Self.longestLog)
    if record.log.count > limit { record.log.removeFirst(record.log.count - limit) }
  }

  /// No probe now: the next one is an interval away.
  mutating func postpone(_ now: Int64) {
    guard let interval = interval(now) else { return }
    next = now + interval
  }

  /// A probe has begun: the next one is not due before it has ended.
  mutating func begin() { next = nil }

  /// The container ended under a probe.
  mutating func containerEnded() {
    record.status = .stopped
    record.failingStreak = 0
    next = nil
  }

  /// Takes a probe's result.
  mutating func take(_ entry: HealthRecord.Entry, at now: Int64) -> Verdict {
    record.log.append(entry)
    dropOldResults()
    let verdict =
      isStartingUp ? judgeStartup(entry.code == 0, now) : judge(entry.code == 0, now)
    if next == nil { postpone(now) }
    return verdict
  }

  private mutating func judgeStartup(_ succeeded: Bool, _ now: Int64) -> Verdict {
    guard let startup = order.startup else { return .none }
    if succeeded {
      startupResults.successes += 1
      guard startupResults.successes >= max(startup.successes, 1) else { return .none }
      isStartingUp = false
      hasSucceeded = true
      record.status = .healthy
      // The regular checks begin at once.
      if order.interval != nil { next = now }
      return .none
    }
    startupResults.successes = 0
    startupResults.failures += 1
    return startup.retries > 0 && startupResults.failures >= startup.retries ? .restart : .none
  }

  private mutating func judge(_ succeeded: Bool, _ now: Int64) -> Verdict {
    if succeeded {
      hasSucceeded = true
      record.failingStreak = 0
      record.status = .healthy
      return .none
    }
    if !hasSucceeded && now < graceEnd { return .none }
    record.failingStreak += 1
    guard record.failingStreak >= order.retries else { return .none }
    record.status = .unhealthy
    return .failed
  }

  private func interval(_ now: Int64) -> Int64? {
    guard let interval = order.interval else { return nil }
    if isStartingUp { return order.startup?.interval ?? interval }
    if !hasSucceeded, now < graceEnd { return order.startInterval ?? interval }
    return interval
  }
}
