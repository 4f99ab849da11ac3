import CLinux
import Glibc

/// An open-file-description lock on a whole file: released when the last copy of the descriptor
/// closes, so also when its holder is killed (fcntl(2), F_OFD_SETLK).
public struct FileLock: ~Copyable, Sendable {
  private let file: OwnedDescriptor

  /// The locked file's descriptor, e.g.
  ///
  /// To hand the lock to a child process.
  public var descriptor: Int32 { file.raw }

  /// Takes the lock, waiting for whoever has it.
  public init(_ path: String, shared: Bool = false) throws(SystemError) {
    let file = try OwnedDescriptor.open(path, [.readWrite, .create])
    var result: Int32
    repeat { result = clinux_lock(file.raw, shared ? 0 : 1, 1) } while result == -EINTR
    try check(result, "lock", path)
    self.init(owning: file)
  }

  private init(owning file: consuming OwnedDescriptor) { self.file = file }

  /// The lock if nobody has it; nil otherwise.
  public static func attempt(_ path: String, shared: Bool = false) throws(SystemError) -> FileLock?
  {
    let file = try OwnedDescriptor.open(path, [.readWrite, .create])
    let result = clinux_lock(file.raw, shared ? 0 : 1, 0)
    if result == -EAGAIN || result == -EACCES { return nil }
    try check(result, "lock", path)
    return FileLock(owning: file)
  }

  /// Whether the path still leads to the file that was locked: it may have been moved or removed before.
  public func isStill(at path: String) throws(SystemError) -> Bool {
    let ours = try FileStatus.of(descriptor: descriptor)
    guard let there = try FileStatus.find(path) else { return false }
    return there.inode == ours.inode && there.device == ours.device
  }

  /// Locks an open, writable file that nobody else has yet; closing it lets go.
  public static func hold(_ descriptor: Int32) throws(SystemError) {
    try check(clinux_lock(descriptor, 1, 0), "lock", "\(descriptor)")
  }

  /// What a look at a lock's file tells.
  public enum Sight: Equatable, Sendable {
    case missing, held
    /// Nobody holds it; what the file says.
    case free([UInt8])
  }

  /// Looks at a lock and, when it is free, at what its file says; never blocks.
  public static func look(_ path: String, in directory: Int32 = OwnedDescriptor.workingDirectory)
    throws(SystemError) -> Sight
  {
    try look(path, in: directory) { (file) throws(SystemError) in
      try Descriptor.readRegular(file, limit: 65_536)
    }
  }

  private static func look(
    _ path: String, in directory: Int32, read: (Int32) throws(SystemError) -> [UInt8]
  ) throws(SystemError) -> Sight {
    do throws(SystemError) {
      let file = try OwnedDescriptor.open(path, in: directory)
      if try check(clinux_lock_test(file.raw), "lock", path) == 1 { return .held }
      return .free(try read(file.raw))
    } catch {
      if error.errno == ENOENT || error.errno == ENOTDIR { return .missing }
      throw error
    }
  }

  /// Whether some process holds the file locked.
  ///
  /// A missing file is free. Never blocks.
  public static func isHeld(_ path: String) throws(SystemError) -> Bool {
    try look(path, in: OwnedDescriptor.workingDirectory) { _ in [] } == .held
  }
}
