/// How a container's last run ended: the durable record that its monitor leaves.
public struct ExitRecord: Equatable, Sendable {
  /// The exit code; 128 + signal when it was killed.
  public var code: Int32
  /// The signal that killed it.
  public var signal: Int32?
  public var outOfMemory = false
  /// Nanoseconds since the epoch; 0 when it never started.
  public var started: Int64 = 0
  public var finished: Int64
  public var restarts = 0
  /// A command of the user's ended it, or its restarts: `unless-stopped` stays stopped over a reboot.
  public var stoppedByUser = false
  /// Why it could not be started.
  public var error: String?

  public init(code: Int32, finished: Int64) {
    self.code = code
    self.finished = finished
  }

  public var record: LineRecord {
    var record = LineRecord()
    record.append("code", "\(code)")
    record["signal"] = signal.map { "\($0)" }
    record.append("oom", "\(outOfMemory)")
    record.append("started", "\(started)")
    record.append("finished", "\(finished)")
    record.append("restarts", "\(restarts)")
    if stoppedByUser { record.append("stopped-by-user", "true") }
    record["error"] = error
    return record
  }

  /// Nil when a field is missing.
  public init?(_ record: LineRecord) {
    guard let code = record.integer("code"), let finished = record.integer("finished") else {
      return nil
    }
    self.init(code: Int32(clamping: code), finished: finished)
    signal = record.integer("signal").map { Int32(clamping: $0) }
    outOfMemory = record.flag("oom")
    started = record.integer("started") ?? 0
    restarts = Int(record.integer("restarts") ?? 0)
    stoppedByUser = record.flag("stopped-by-user")
    error = record["error"]
  }
}
