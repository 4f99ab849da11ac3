public import LinuxSystem
public import Model

/// A directory of small files, each replaced as a whole: a reader sees the old content or the new
/// one, whenever the writer is killed (rename(2)).
public struct RecordStore: Sendable {
  public let directory: String

  /// How sure a write must be when it returns.
  public enum Durability: Sendable {
    /// Against killed processes: enough for what a reboot makes void.
    case process
    /// The contents are on the disk (fsync(2)); the caller flushes the directory, for several at once.
    case contents
    /// Against a power cut as well: fsync(2) of the file and of the directory.
    case power
  }

  /// The directory need not exist before the first write.
  public init(_ directory: String) { self.directory = directory }

  public func path(_ name: String) -> String { "\(directory)/\(name)" }

  /// A record, or nil when there is none.
  public func find(_ name: String) throws(StateError) -> LineRecord? {
    try find(name, in: nil)
  }

  /// A record called `name` in an opened directory of stores, where it is `store`'s.
  ///
  /// For many in a row: the path to the stores is followed once.
  public static func find(_ name: String, of store: String, in stores: Int32) throws(StateError)
    -> LineRecord?
  {
    guard let bytes = try findBytes(name, of: store, in: stores) else { return nil }
    guard let record = LineRecord(parsing: bytes) else {
      throw .damagedRecord(path: "\(store)/\(name)")
    }
    return record
  }

  /// The text of such a record.
  public static func findBytes(_ name: String, of store: String, in stores: Int32)
    throws(StateError) -> [UInt8]?
  {
    let path = store + "/" + name
    return try findBytes(at: path, in: stores, path, 1 << 26)
  }

  public func findBytes(_ name: String, limit: Int = 1 << 26) throws(StateError) -> [UInt8]? {
    try findBytes(name, in: nil, limit)
  }

  /// All records whose names `key` makes something of, sorted by their names.
  ///
  /// One that goes away meanwhile is simply gone. The path of the directory is followed once.
  public func list<Key>(
    _ key: (String) -> Key?
  ) throws(StateError) -> [(key: Key, record: LineRecord)] {
    var all: [(key: Key, record: LineRecord)] = []
    let names = try names()
    if names.isEmpty { return all }
    let opened: OwnedDescriptor
    do throws(SystemError) {
      opened = try OwnedDescriptor.open(directory, [.directory, .path])
    } catch {
      if error.errno == Errno.noEntry { return all }
      throw .system(error)
    }
    for name in names {
      guard let key = key(name) else { continue }
      if let record = try find(name, in: opened.raw) { all.append((key, record)) }
    }
    return all
  }

  /// `directory` is this one, opened already; without it the path is followed.
  private func find(_ name: String, in directory: Int32?) throws(StateError) -> LineRecord? {
    guard let bytes = try findBytes(name, in: directory, 1 << 26) else { return nil }
    guard let record = LineRecord(parsing: bytes) else { throw .damagedRecord(path: path(name)) }
    return record
  }

  private func findBytes(_ name: String, in directory: Int32?, _ limit: Int) throws(StateError)
    -> [UInt8]?
  {
    guard let directory else {
      let path = path(name)
      return try Self.findBytes(at: path, in: OwnedDescriptor.workingDirectory, path, limit)
    }
    return try Self.findBytes(at: name, in: directory, path(name), limit)
  }

  /// `whole`: the path for messages.
  private static func findBytes(
    at path: String, in directory: Int32, _ whole: @autoclosure () -> String, _ limit: Int
  ) throws(StateError) -> [UInt8]? {
    do throws(SystemError) {
      let file = try OwnedDescriptor.open(path, in: directory)
      return try Descriptor.readRegular(file.raw, limit: limit)
    } catch {
      if error.errno == Errno.noEntry || error.errno == Errno.notDirectory { return nil }
      throw .system(SystemError(error.call, whole(), errno: error.errno))
    }
  }

  public func write(
    _ name: String, _ record: LineRecord, durability: Durability = .process, mode: UInt32 = 0o600
  ) throws(StateError) {
    try write(name, bytes: Array(record.text.utf8), durability: durability, mode: mode)
  }

  public func write(
    _ name: String, bytes: [UInt8], durability: Durability = .process, mode: UInt32 = 0o600
  ) throws(StateError) {
    do throws(SystemError) {
      try FileTree.ensureDirectory(directory)
      try replace(name, bytes, durability, mode)
    } catch {
      throw .system(error)
    }
  }

  /// Writes records whose contents are on the disk before the first is visible, in this order; the
  /// caller flushes the directory.
  ///
  /// For many of them that takes one syncfs(2) instead of an fsync(2) each.
  public func write(contents records: [(name: String, bytes: [UInt8])]) throws(StateError) {
    if records.count < Self.many {
      for (name, bytes) in records { try write(name, bytes: bytes, durability: .contents) }
      return
    }
    do throws(SystemError) {
      try FileTree.ensureDirectory(directory)
      var start = 0
      while start < records.count {
        let end = min(start + Self.openAtOnce, records.count)
        try replace(records[start..<end])
        start = end
      }
    } catch {
      throw .system(error)
    }
  }

  /// From here on to flush everything is cheaper than one after the other.
  static let many = 16
  private static let openAtOnce = 128

  /// Removes a record; whether it was there.
  @discardableResult
  public func remove(_ name: String, durability: Durability = .process) throws(StateError) -> Bool {
    do throws(SystemError) {
      let removed = try FileTree.unlinkIfPresent(path(name))
      if removed && durability == .power { try FileTree.sync(directory) }
      return removed
    } catch {
      throw .system(error)
    }
  }

  /// The names of all records, sorted; none when there is no directory yet.
  public func names() throws(StateError) -> [String] {
    do throws(SystemError) {
      return try FileTree.list(directory).filter { !$0.hasPrefix(Self.temporaryPrefix) }.sorted()
    } catch {
      if error.errno == Errno.noEntry { return [] }
      throw .system(error)
    }
  }

  /// Removes the temporary files of writers that were killed: those nobody holds locked.
  public func removeLeftovers() throws(StateError) {
    do throws(SystemError) {
      guard FileTree.exists(directory) else { return }
      for name in try FileTree.list(directory) where name.hasPrefix(Self.temporaryPrefix) {
        if try FileLock.isHeld(path(name)) { continue }
        try FileTree.unlinkIfPresent(path(name))
      }
    } catch {
      throw .system(error)
    }
  }

  static let temporaryPrefix = ".tmp-"

  /// A new content that nobody sees yet, locked as long as this lives.
  private final class Draft {
    let path: String
    private let file: OwnedDescriptor

    init(_ path: String, _ bytes: [UInt8], _ mode: UInt32) throws(SystemError) {
      self.path = path
      file = try OwnedDescriptor.open(path, [.readWrite, .create, .exclusive], mode: mode)
      do throws(SystemError) {
        try FileLock.hold(file.raw)
        try Descriptor.writeAll(file.raw, bytes)
      } catch {
        _ = try? FileTree.unlinkIfPresent(path)
        throw error
      }
    }

    func sync() throws(SystemError) { try Descriptor.sync(file.raw) }
  }

  private func draft(_ bytes: [UInt8], _ mode: UInt32) throws(SystemError) -> Draft {
    try Draft(path("\(Self.temporaryPrefix)\(try RandomName.make())"), bytes, mode)
  }

  private func replace(_ records: ArraySlice<(name: String, bytes: [UInt8])>)
    throws(SystemError)
  {
    var drafts: [Draft] = []
    do throws(SystemError) {
      for (_, bytes) in records { drafts.append(try draft(bytes, 0o600)) }
      try FileTree.syncFilesystem(directory)
      for (draft, record) in zip(drafts, records) {
        do throws(SystemError) {
          try FileTree.rename(draft.path, to: path(record.name))
        } catch {
          guard error.errno == Errno.noEntry else { throw error }
          // A sweep took it before it was locked.
          try replace(record.name, record.bytes, .contents, 0o600)
        }
      }
    } catch {
      for draft in drafts { _ = try? FileTree.unlinkIfPresent(draft.path) }
      throw error
    }
  }

  private func replace(
    _ name: String, _ bytes: [UInt8], _ durability: Durability, _ mode: UInt32
  ) throws(SystemError) {
    // A sweep may take the file between its making and its lock; then it is simply made again.
    for _ in 0..<16 {
      let draft = try draft(bytes, mode)
      do throws(SystemError) {
        if durability != .process { try draft.sync() }
        try FileTree.rename(draft.path, to: path(name))
        if durability == .power { try FileTree.sync(directory) }
        return
      } catch {
        // The first failure is the one to tell; the file may be gone already.
        _ = try? FileTree.unlinkIfPresent(draft.path)
        guard error.errno == Errno.noEntry, error.call == "rename" else {
          throw SystemError(error.call, path(name), errno: error.errno)
        }
      }
    }
    throw SystemError("rename", path(name), errno: Errno.busy)
  }
}

/// Names that no other process makes.
public enum RandomName {
  /// Sixteen hexadecimal digits.
  public static func make() throws(SystemError) -> String {
    hexadecimal(try CurrentProcess.randomBytes(8))
  }

  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
