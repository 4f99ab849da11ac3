import LinuxSystem
import Model

/// A container's records in the system's journal, read by `journalctl` in its export format
/// (systemd.journal-export-formats: `NAME=value` lines, or the name, 8 bytes of length and the value;
/// an empty line after each record).
final class JournalReader: LogSource {
  private let id: String
  private var program: ChildProcess?
  private var pipe: OwnedDescriptor?
  private var pending: [UInt8] = []
  private var start = 0
  private var follows: Bool
  private var cursor: String?

  init(_ id: String, tail: Int?, follow: Bool) throws {
    self.id = id
    follows = follow
    var arguments = ["-n", tail.map { "\($0)" } ?? "all"]
    if follow { arguments.append("-f") }
    try open(arguments)
  }

  deinit { try? program?.kill(SignalSet.terminate) }

  var descriptor: Int32? { pipe?.raw }

  private func open(_ arguments: [String]) throws {
    guard let path = Program.find("journalctl", in: Program.systemDirectories) else {
      throw ErrorReport(
        .unavailable, "journalctl is not installed: the journal cannot be read",
        hint: "sudo apt-get install systemd")
    }
    let ends = try OwnedDescriptor.pipe()
    var journal = Program(
      path,
      ["--quiet", "--no-pager", "--output=export"] + arguments + ["CONTAINER_ID_FULL=\(id)"],
      environment: Self.environment(CurrentProcess.environment))
    let null = try OwnedDescriptor.open("/dev/null")
    journal.descriptors = [(0, null.raw), (1, ends.writeEnd.raw)]
    program = try journal.start()
    let readEnd = ends.split { readEnd, _ in readEnd }
    try Descriptor.setNonBlocking(readEnd.raw, follows)
    pipe = consume readEnd
    pending = []
    start = 0
  }

  /// The environment of journalctl: systemd's programs tell the service manager how they ended, which
  /// must not be taken for what the service says (`EXIT_STATUS=`, sd_notify(3)).
  static func environment(_ own: [String]) -> [String] {
    own.filter { !$0.hasPrefix("NOTIFY_SOCKET=") }
  }

  /// The last records, after those that were followed.
  func containerEnded() throws {
    guard follows else { return }
    follows = false
    try program?.kill(SignalSet.terminate)
    _ = try program?.wait()
    pipe = nil
    try open(cursor.map { ["--after-cursor=\($0)"] } ?? [])
  }

  func next() throws -> LogLine? {
    while true {
      if let entry = takeEntry() {
        cursor = entry.cursor ?? cursor
        if let line = entry.line { return line }
        continue
      }
      guard let source = pipe?.raw else { return nil }
      var part = [UInt8](repeating: 0, count: 65_536)
      guard let count = try Descriptor.readNow(source, into: &part, at: 0, limit: part.count) else {
        return nil
      }
      if count == 0 {
        pipe = nil
        _ = try program.take()?.wait()
        return nil
      }
      pending.removeFirst(start)
      start = 0
      pending += part[..<count]
    }
  }

  private struct Entry {
    var cursor: String?
    var message: ArraySlice<UInt8>?
    var microseconds: Int64 = 0
    var isError = false
    var isPartial = false

    var line: LogLine? {
      guard let message else { return nil }
      let time = Timestamp.format(microseconds * 1_000)
      return LogLine(
        time: Array(time.utf8)[...], isError: isError, text: message, isPartial: isPartial)
    }
  }

  /// The next whole record; nil when it is not all there.
  private func takeEntry() -> Entry? {
    var entry = Entry()
    var at = start
    while let newline = pending.index(of: 0x0A, in: at..<pending.count) {
      if newline == at {
        start = at + 1
        return entry
      }
      if let equals = pending.index(of: 0x3D, in: at..<newline) {
        set(&entry, pending[at..<equals], pending[(equals + 1)..<newline])
        at = newline + 1
        continue
      }
      let from = newline + 9
      guard from <= pending.count else { return nil }
      let length = (0..<8).reduce(0) { $0 | Int(pending[newline + 1 + $1]) << (8 * $1) }
      guard length >= 0, length < 1 << 30, from + length < pending.count else { return nil }
      set(&entry, pending[at..<newline], pending[from..<(from + length)])
      at = from + length + 1
    }
    return nil
  }

  private func set(_ entry: inout Entry, _ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
    let text = { String(decoding: value, as: UTF8.self) }
    switch String(decoding: name, as: UTF8.self) {
    case "__CURSOR": entry.cursor = text()
    case "__REALTIME_TIMESTAMP": entry.microseconds = Int64(text()) ?? 0
    case "MESSAGE": entry.message = value
    case "PRIORITY": entry.isError = text() == "3"
    case "CONTAINER_PARTIAL_MESSAGE": entry.isPartial = text() == "true"
    default: return
    }
  }
}
