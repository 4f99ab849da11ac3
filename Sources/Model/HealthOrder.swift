/// How a monitor looks after its container's health; times in nanoseconds.
public struct HealthOrder: Equatable, Sendable {
  /// What happens to a container that has become unhealthy.
  public enum FailureAction: String, Sendable {
    case none, kill, restart, stop
  }

  /// Checks that a container must pass before the regular ones begin.
  public struct Startup: Equatable, Sendable {
    public var interval: Int64 = 30_000_000_000
    public var timeout: Int64 = 30_000_000_000
    /// Failures after which the container is restarted; 0: never.
    public var retries = 0
    /// Successes in a row that it takes.
    public var successes = 1

    public init() {}
  }

  /// Between the end of a probe and the next one; nil: probes only when asked.
  public var interval: Int64? = 30_000_000_000
  public var timeout: Int64 = 30_000_000_000
  /// Failures in a row that make a container unhealthy.
  public var retries = 3
  /// After the start, for as long, failures do not count until a probe has succeeded.
  public var startPeriod: Int64 = 0
  /// The interval during the start period; nil: the usual one.
  public var startInterval: Int64?
  public var startup: Startup?
  public var onFailure = FailureAction.none
  /// Results that are remembered; 0: as many as memory may hold (1,000).
  public var logCount = 5
  /// Bytes of a probe's output that are remembered; 0: as many as memory may hold (64 kB).
  public var logSize = 500
  /// A file that holds the results as JSON after each probe.
  public var logFile: String?
  /// Whether each probe is told to the event log with its result.
  public var tellsEvents = false
  /// Where the record of the last state goes when the state changes, and at the container's end.
  public var record: String?

  public init() {}

  /// Names, in the bundle, of the process descriptions that the runtime executes.
  public static let processFile = "health.json"
  public static let startupProcessFile = "health-startup.json"
}

extension HealthOrder {
  func write(to record: inout LineRecord) {
    record.append("health-interval", interval.map { "\($0)" } ?? "never")
    record.append("health-timeout", "\(timeout)")
    record.append("health-retries", "\(retries)")
    record.append("health-start-period", "\(startPeriod)")
    record["health-start-interval"] = startInterval.map { "\($0)" }
    record.append("health-on-failure", onFailure.rawValue)
    record.append("health-log-count", "\(logCount)")
    record.append("health-log-size", "\(logSize)")
    record["health-log-file"] = logFile
    record["health-log-events"] = tellsEvents ? "1" : nil
    record["health-record"] = self.record
    guard let startup else { return }
    record.append("health-startup-interval", "\(startup.interval)")
    record.append("health-startup-timeout", "\(startup.timeout)")
    record.append("health-startup-retries", "\(startup.retries)")
    record.append("health-startup-successes", "\(startup.successes)")
  }

  var fields: LineRecord {
    var record = LineRecord()
    write(to: &record)
    return record
  }

  /// Nil when the order has no health check.
  init?(_ fields: LineRecord) {
    guard let interval = fields["health-interval"] else { return nil }
    self.init()
    self.interval = Int64(interval)
    timeout = fields.integer("health-timeout") ?? timeout
    retries = Int(fields.integer("health-retries") ?? 3)
    startPeriod = fields.integer("health-start-period") ?? 0
    startInterval = fields.integer("health-start-interval")
    onFailure = fields["health-on-failure"].flatMap(FailureAction.init(rawValue:)) ?? .none
    logCount = Int(fields.integer("health-log-count") ?? 5)
    logSize = Int(fields.integer("health-log-size") ?? 500)
    logFile = fields["health-log-file"]
    tellsEvents = fields["health-log-events"] != nil
    record = fields["health-record"]
    guard let startupInterval = fields.integer("health-startup-interval") else { return }
    var startup = Startup()
    startup.interval = startupInterval
    startup.timeout = fields.integer("health-startup-timeout") ?? startup.timeout
    startup.retries = Int(fields.integer("health-startup-retries") ?? 0)
    startup.successes = Int(fields.integer("health-startup-successes") ?? 1)
    self.startup = startup
  }
}
