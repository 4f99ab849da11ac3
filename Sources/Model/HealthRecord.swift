/// What is known of a container's health: the state and the last results.
public struct HealthRecord: Equatable, Sendable {
  public enum Status: String, Sendable {
    case starting, healthy, unhealthy
    /// It ended while a probe was running.
    case stopped
  }

  /// One probe's result; times in nanoseconds since the epoch.
  public struct Entry: Equatable, Sendable {
    public var start: Int64
    public var end: Int64
    /// The probe's exit code; -1 when it took too long.
    public var code: Int32
    public var output: String

    public init(start: Int64, end: Int64, code: Int32, output: String) {
      self.start = start
      self.end = end
      self.code = code
      self.output = output
    }
  }

  public var status: Status
  /// Failures in a row.
  public var failingStreak: Int
  /// Oldest first.
  public var log: [Entry]

  public init(status: Status = .starting, failingStreak: Int = 0, log: [Entry] = []) {
    self.status = status
    self.failingStreak = failingStreak
    self.log = log
  }

  public var record: LineRecord {
    var record = LineRecord()
    record.append("status", status.rawValue)
    record.append("failing-streak", "\(failingStreak)")
    for entry in log {
      record.append("probe", "\(entry.start) \(entry.end) \(entry.code) \(entry.output)")
    }
    return record
  }

  /// Nil when it is not one of ours.
  public init?(_ record: LineRecord) {
    guard let status = record["status"].flatMap(Status.init(rawValue:)) else { return nil }
    self.init(status: status, failingStreak: Int(record.integer("failing-streak") ?? 0))
    for text in record.all("probe") {
      let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count == 4, let start = Int64(parts[0]), let end = Int64(parts[1]),
        let code = Int32(parts[2])
      else { return nil }
      log.append(Entry(start: start, end: end, code: code, output: String(parts[3])))
    }
  }
}
