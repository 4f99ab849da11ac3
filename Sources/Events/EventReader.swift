public import LinuxSystem

/// Reads events in the order in which they were written, and waits for more.
public struct EventReader: ~Copyable {
  private let log: EventLog
  private var current: EventFile?
  /// The file that `current` replaced: a writer may still have it open.
  private var previous: EventFile?

  public init(_ log: EventLog) { self.log = log }

  /// Every event that is in the log now, oldest first; nothing when there is none.
  public mutating func readAll(_ body: (Event) throws -> Void) throws {
    if let older = try EventFile.open(log.olderPath) {
      try older.read(body)
      previous = older
    }
    try readNew(body)
  }

  /// Leaves out what is in the log now: `readNew` then gives what comes after.
  public mutating func skipToEnd() throws(SystemError) {
    current = try EventFile.open(log.path)
    try current?.skipToEnd()
  }

  /// The events that were written since the last call.
  public mutating func readNew(_ body: (Event) throws -> Void) throws {
    try previous?.read(body)
    try current?.read(body)
    guard let named = try FileStatus.find(log.path), named.inode != current?.inode else { return }
    if let replaced = current {
      // Between our reading and the new name something may have come.
      try replaced.read(body)
      previous = replaced
    }
    current = try EventFile.open(log.path)
    try current?.read(body)
  }
}

/// One file of the log, read from where the last reading stopped.
final class EventFile {
  private let file: OwnedDescriptor
  let inode: UInt64
  private var pending: [UInt8] = []

  private init(_ file: consuming OwnedDescriptor, inode: UInt64) {
    self.file = file
    self.inode = inode
  }

  static func open(_ path: String) throws(SystemError) -> EventFile? {
    do throws(SystemError) {
      let file = try OwnedDescriptor.open(path)
      let inode = try FileStatus.of(descriptor: file.raw).inode
      return EventFile(file, inode: inode)
    } catch {
      if error.errno == Errno.noEntry { return nil }
      throw error
    }
  }

  func skipToEnd() throws(SystemError) {
    try Descriptor.seek(file.raw, to: try FileStatus.of(descriptor: file.raw).size)
  }

  /// Whole lines only: the rest of a line may be on its way.
  func read(_ body: (Event) throws -> Void) throws {
    while true {
      let bytes = try Descriptor.read(file.raw, upTo: 65_536)
      if bytes.isEmpty { return }
      pending += bytes
      var start = 0
      while let end = pending[start...].firstIndex(of: 0x0A) {
        if let event = Event(line: pending[start..<end]) { try body(event) }
        start = end + 1
      }
      pending.removeFirst(start)
    }
  }
}
