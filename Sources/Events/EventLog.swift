import LinuxSystem

/// One user's events on disk: lines appended to `log`, and the part before it in `log.1`.
///
/// Each event is one `write` to a file opened for appending, which the kernel makes one piece of the
/// file (write(2)), so writers need no lock. Events are news, not state: a disk that is full loses
/// them and nothing else.
public struct EventLog: Sendable {
  /// Bytes of `log` after which it becomes `log.1`.
  public static let fileLimit: Int64 = 4 << 20

  let directory: String
  private let limit: Int64

  public init(_ directory: String, fileLimit: Int64 = EventLog.fileLimit) {
    self.directory = directory
    limit = fileLimit
  }

  var path: String { "\(directory)/log" }
  var olderPath: String { "\(directory)/log.1" }

  /// Appends an event; one that cannot be written is lost.
  public func record(_ event: Event) {
    // What happened has happened: it must not fail because nobody can be told of it.
    try? append(event)
  }

  func append(_ event: Event) throws(SystemError) {
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
