import LinuxSystem

/// One user's events: lines appended to the file `log`, and the part before it in `log.1`; or records
/// of the system's journal.
///
/// Each event is one `write` to a file opened for appending, which the kernel makes one piece of the
/// file (write(2)), so writers need no lock. Events are news, not state: a disk that is full loses
/// them and nothing else.
public struct EventLog: Sendable {
  /// Bytes of `log` after which it becomes `log.1`.
  public static let fileLimit: Int64 = 4 << 20

  let directory: String
  /// The journal's socket; nil when events are in files.
  private let journal: String?
  private let limit: Int64

  /// `place`: a directory, or the place in the journal of a directory's events.
  public init(
    _ place: String, fileLimit: Int64 = EventLog.fileLimit,
    journal: String = JournalSocket.standardPath
  ) {
    let isJournal = place.hasPrefix(Self.journalPrefix)
    directory = isJournal ? String(place.dropFirst(Self.journalPrefix.count)) : place
    self.journal = isJournal ? journal : nil
    limit = fileLimit
  }

  private static let journalPrefix = "journald:"

  /// The place in the journal of the events that `directory` would have.
  public static func journalPlace(_ directory: String) -> String { journalPrefix + directory }

  var path: String { "\(directory)/log" }
  var olderPath: String { "\(directory)/log.1" }

  /// Appends an event; one that cannot be written is lost.
  public func record(_ event: Event) {
    // What happened has happened: it must not fail because nobody can be told of it.
    try? append(event)
  }

  func append(_ event: Event) throws(SystemError) {
    if let journal {
      return try JournalSocket(journal).send(event.journalRecord(for: directory), patient: true)
    }
    let file = try open()
    let bytes = Array(event.line.utf8)
    let written = try Descriptor.write(file.raw, bytes)
    if written < bytes.count {
      // The disk became full: the next line must not continue this one.
      try Descriptor.writeAll(file.raw, "\n")
    }
    if try FileStatus.of(descriptor: file.raw).size > limit { try rotate() }
  }

  private func open() throws(SystemError) -> OwnedDescriptor {
    do throws(SystemError) {
      return try OwnedDescriptor.open(path, [.writeOnly, .append, .create], mode: 0o600)
    } catch {
      guard error.errno == Errno.noEntry else { throw error }
      try FileTree.ensureDirectory(directory)
      return try OwnedDescriptor.open(path, [.writeOnly, .append, .create], mode: 0o600)
    }
  }

  /// Of several writers that find the file too long one renames it.
  private func rotate() throws(SystemError) {
    guard let lock = try FileLock.attempt("\(directory)/lock") else { return }
    if let status = try FileStatus.find(path), status.size > limit {
      try FileTree.rename(path, to: olderPath)
    }
    _ = consume lock
  }
}
