import Model
public import OCISpec

/// A container's health check as it was configured; times in nanoseconds.
public struct ContainerHealth: JSONRecord, Equatable {
  /// `["CMD", word, …]` or `["CMD-SHELL", line]`.
  public var test: [String] = []
  /// 0: probes only when asked.
  public var interval: Int64 = 30_000_000_000
  public var timeout: Int64 = 30_000_000_000
  public var retries = 3
  public var startPeriod: Int64 = 0
  public var startInterval: Int64?
  /// Checks that must pass before the regular ones begin; empty: none.
  public var startupTest: [String] = []
  public var startupInterval: Int64 = 30_000_000_000
  public var startupTimeout: Int64 = 30_000_000_000
  public var startupRetries = 0
  public var startupSuccesses = 0
  /// `none`, `kill`, `restart` or `stop`.
  public var onFailure = "none"
  public var logCount = 5
  public var logSize = 500
  /// `local`, or a directory.
  public var logDestination = "local"

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.list("test", &test)
    try fields.required("interval", &interval)
    try fields.required("timeout", &timeout)
    try fields.required("retries", &retries)
    try fields.required("startPeriod", &startPeriod)
    try fields.optional("startInterval", &startInterval)
    try fields.list("startupTest", &startupTest)
    try fields.required("startupInterval", &startupInterval)
    try fields.required("startupTimeout", &startupTimeout)
    try fields.required("startupRetries", &startupRetries)
    try fields.required("startupSuccesses", &startupSuccesses)
    try fields.required("onFailure", &onFailure)
    try fields.required("logCount", &logCount)
    try fields.required("logSize", &logSize)
    try fields.required("logDestination", &logDestination)
  }

  /// What the monitor has executed, by file name in the bundle, in a container whose own process is
  /// `process`.
  func probes(of process: RuntimeProcess) -> [(name: String, process: RuntimeProcess)] {
    var process = process
    process.terminal = false
    process.consoleSize = nil
    process.env.removeAll { $0.hasPrefix("NOTIFY_SOCKET=") }
    let tests = [
      (HealthOrder.processFile, test), (HealthOrder.startupProcessFile, startupTest),
    ]
    return tests.filter { !$1.isEmpty }.map { name, test in
      process.args = Self.arguments(test)
      return (name, process)
    }
  }

  /// `--health-log-destination`: the results go to the event log.
  static let eventsDestination = "events_logger"

  /// What a probe executes.
  private static func arguments(_ test: [String]) -> [String] {
    test.first == "CMD-SHELL"
      ? ["/bin/sh", "-c", test.dropFirst().joined(separator: " ")] : Array(test.dropFirst())
  }

  /// What the monitor of the container `id` is told; `directory` is the container's.
  func order(id: String, directory: String) -> HealthOrder {
    var order = HealthOrder()
    order.interval = interval > 0 ? interval : nil
    order.timeout = timeout
    order.retries = retries
    order.startPeriod = startPeriod
    order.startInterval = startInterval
    order.onFailure = HealthOrder.FailureAction(rawValue: onFailure) ?? .none
    order.logCount = logCount
    order.logSize = logSize
    order.record = "\(directory)/health"
    switch logDestination {
    case "local": break
    case Self.eventsDestination: order.tellsEvents = true
    default: order.logFile = "\(logDestination)/\(id)-healthcheck.log"
    }
    if !startupTest.isEmpty {
      var startup = HealthOrder.Startup()
      startup.interval = startupInterval
      startup.timeout = startupTimeout
      startup.retries = startupRetries
      startup.successes = max(startupSuccesses, 1)
      order.startup = startup
    }
    return order
  }
}
