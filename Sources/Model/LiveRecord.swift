/// What a monitor says of its container, in `state` of the run directory.
///
/// It is true while the monitor holds its lock; without the lock, the process `pid` is the
/// container only if it has `startTime` and the boot is `bootID`.
public struct LiveRecord: Equatable, Sendable {
  public enum Status: String, Sendable {
    case creating, created, running, paused, stopping, exited, restarting
  }

  public var status: Status
  /// The container's init, and when it started in clock ticks since boot.
  public var pid: Int32?
  public var startTime: UInt64?
  /// Nanoseconds since the epoch.
  public var started: Int64?
  public var monitor: Int32
  public var bootID: String
  public var restarts = 0
  /// The state of its health, if it has a check.
  public var health: HealthRecord.Status?
  /// The exit code, once exited; when that was, in nanoseconds since the epoch; and whether a process was
  /// killed for lack of memory.
  public var code: Int32?
  public var finished: Int64?
  public var outOfMemory = false

  public init(status: Status, monitor: Int32, bootID: String) {
    self.status = status
    self.monitor = monitor
    self.bootID = bootID
  }

  public var record: LineRecord {
    var record = LineRecord()
    record.append("status", status.rawValue)
    record["pid"] = pid.map { "\($0)" }
    record["start-time"] = startTime.map { "\($0)" }
    record["started"] = started.map { "\($0)" }
    record.append("monitor", "\(monitor)")
    record.append("boot-id", bootID)
    record.append("restarts", "\(restarts)")
    record["health"] = health?.rawValue
    record["code"] = code.map { "\($0)" }
    record["finished"] = finished.map { "\($0)" }
    if outOfMemory { record.append("oom", "true") }
    return record
  }

  /// Nil when a field is missing or the status is not one that we know.
  public init?(_ record: LineRecord) {
    guard let status = record["status"].flatMap(Status.init(rawValue:)),
      let monitor = record.integer("monitor"), let bootID = record["boot-id"]
    else { return nil }
    self.init(status: status, monitor: Int32(clamping: monitor), bootID: bootID)
    pid = record.integer("pid").map { Int32(clamping: $0) }
    startTime = record["start-time"].flatMap { UInt64($0) }
    started = record.integer("started")
    restarts = Int(record.integer("restarts") ?? 0)
    health = record["health"].flatMap(HealthRecord.Status.init(rawValue:))
    code = record.integer("code").map { Int32(clamping: $0) }
    finished = record.integer("finished")
    outOfMemory = record.flag("oom")
  }
}
