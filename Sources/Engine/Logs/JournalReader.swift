import Events
import LinuxSystem
import Model

/// A container's records in the system's journal.
final class JournalReader: LogSource {
  private let id: String
  private var records: JournalRecords
  private var follows: Bool
  private var cursor: String?

  init(_ id: String, tail: Int?, follow: Bool) throws {
    self.id = id
    follows = follow
    records = try Self.open(id, ["-n", tail.map { "\($0)" } ?? "all"], follow: follow)
  }

  private static func open(_ id: String, _ arguments: [String], follow: Bool) throws
    -> JournalRecords
  {
    try JournalRecords.required(arguments + ["CONTAINER_ID_FULL=\(id)"], follow: follow)
  }

  var descriptor: Int32? { records.descriptor }

  /// The last records, after those that were followed.
  func containerEnded() throws {
    guard follows else { return }
    follows = false
    try records.stop()
    records = try Self.open(id, cursor.map { ["--after-cursor=\($0)"] } ?? [], follow: false)
  }

  func next() throws -> LogLine? {
    while let record = try records.next() {
      var entry = Entry()
      for (name, value) in record { entry.set(name, value) }
      cursor = entry.cursor ?? cursor
      if let line = entry.line { return line }
    }
    return nil
  }

  private struct Entry {
    var cursor: String?
    private var message: ArraySlice<UInt8>?
    private var microseconds: Int64 = 0
    private var isError = false
    private var isPartial = false

    var line: LogLine? {
      guard let message else { return nil }
      let time = Timestamp.format(microseconds * 1_000)
      return LogLine(
        time: Array(time.utf8)[...], isError: isError, text: message, isPartial: isPartial)
    }

    mutating func set(_ name: String, _ value: ArraySlice<UInt8>) {
      let text = { String(decoding: value, as: UTF8.self) }
      switch name {
      case "__CURSOR": cursor = text()
      case "__REALTIME_TIMESTAMP": microseconds = Int64(text()) ?? 0
      case "MESSAGE": message = value
      case "PRIORITY": isError = text() == "3"
      case "CONTAINER_PARTIAL_MESSAGE": isPartial = text() == "true"
      default: return
      }
    }
  }
}

extension JournalRecords {
  /// Starts reading; without journalctl it is an error.
  static func required(_ arguments: [String], follow: Bool) throws -> JournalRecords {
    if let records = try open(arguments, follow: follow) { return records }
    throw ErrorReport(
      .unavailable, "journalctl is not installed: the journal cannot be read",
      hint: "sudo apt-get install systemd")
  }
}
