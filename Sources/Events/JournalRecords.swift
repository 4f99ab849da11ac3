public import LinuxSystem

/// Records of the system's journal, read by `journalctl` in its export format
/// (systemd.journal-export-formats: `NAME=value` lines, or the name, 8 bytes of length and the value;
/// an empty line after each record).
public final class JournalRecords {
  /// One record: its fields in the order of the journal.
  public typealias Record = [(name: String, value: ArraySlice<UInt8>)]

  private var program: ChildProcess?
  private var pipe: OwnedDescriptor?
  private var pending: [UInt8] = []
  private var start = 0

  /// Reads what another program writes.
  init(_ source: consuming OwnedDescriptor) { pipe = consume source }

  deinit { try? program?.kill(SignalSet.terminate) }

  /// Starts reading; nil when the machine has no journalctl.
  ///
  /// `arguments`: journalctl's own, which say what is wanted. `follow` lets `next` return nil
  /// while there is nothing instead of waiting for it.
  public static func open(_ arguments: [String], follow: Bool) throws(SystemError)
    -> JournalRecords?
  {
    guard let path = Program.find("journalctl", in: Program.systemDirectories) else { return nil }
    let ends = try OwnedDescriptor.pipe()
    var journal = Program(
      path, ["--quiet", "--no-pager", "--output=export"] + (follow ? ["-f"] : []) + arguments,
      environment: environment(CurrentProcess.environment))
    let null = try OwnedDescriptor.open("/dev/null")
    journal.descriptors = [(0, null.raw), (1, ends.writeEnd.raw)]
    let started = try journal.start()
    let readEnd = ends.split { readEnd, _ in readEnd }
    try Descriptor.setNonBlocking(readEnd.raw, follow)
    let records = JournalRecords(readEnd)
    records.program = consume started
    return records
  }

  /// The environment of journalctl: systemd's programs tell the service manager how they ended, which
  /// must not be taken for what the service says (`EXIT_STATUS=`, sd_notify(3)).
  static func environment(_ own: [String]) -> [String] {
    own.filter { !$0.hasPrefix("NOTIFY_SOCKET=") }
  }

  /// Readable when there may be more; nil at the end.
  public var descriptor: Int32? { pipe?.raw }

  /// Ends journalctl.
  public func stop() throws(SystemError) {
    try program?.kill(SignalSet.terminate)
    _ = try program.take()?.wait()
    pipe = nil
  }

  /// The next whole record; nil at the end, or while nothing has come.
  public func next() throws(SystemError) -> Record? {
    while true {
      if let record = takeRecord() { return record }
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

  private func takeRecord() -> Record? {
    var record: Record = []
    var at = start
    while let newline = pending.index(of: 0x0A, in: at..<pending.count) {
      if newline == at {
        start = at + 1
        return record
      }
      if let equals = pending.index(of: 0x3D, in: at..<newline) {
        record.append((name(at..<equals), pending[(equals + 1)..<newline]))
        at = newline + 1
        continue
      }
      let from = newline + 9
      guard from <= pending.count else { return nil }
      let length = (0..<8).reduce(0) { $0 | Int(pending[newline + 1 + $1]) << (8 * $1) }
      guard length >= 0, length < 1 << 30, from + length < pending.count else { return nil }
      record.append((name(at..<newline), pending[from..<(from + length)]))
      at = from + length + 1
    }
    return nil
  }

  private func name(_ range: Range<Int>) -> String {
    String(decoding: pending[range], as: UTF8.self)
  }
}
