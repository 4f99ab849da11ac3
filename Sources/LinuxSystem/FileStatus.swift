import CLinux
import Glibc

/// What stat(2) says of a file.
public struct FileStatus: Equatable, Sendable {
  public enum Kind: Sendable {
    case regular, directory, symbolicLink, characterDevice, blockDevice, fifo, socket, unknown
  }

  public let kind: Kind
  /// Permission bits with set-id and sticky bits (07777).
  public let permissions: UInt32
  public let uid: UInt32
  public let gid: UInt32
  /// Bytes.
  public let size: Int64
  /// Bytes occupied on disk.
  public let allocated: Int64
  public let links: UInt32
  public let inode: UInt64
  public let device: UInt64
  /// Major and minor number of a device node.
  public let deviceNumber: (major: UInt32, minor: UInt32)
  /// Nanoseconds since the epoch.
  public let modified: Int64
  public let changed: Int64

  public static func == (a: FileStatus, b: FileStatus) -> Bool {
    a.inode == b.inode && a.device == b.device && a.changed == b.changed && a.size == b.size
  }

  init(_ s: clinux_stat) {
    switch s.mode & 0o170000 {
    case 0o100000: kind = .regular
    case 0o040000: kind = .directory
    case 0o120000: kind = .symbolicLink
    case 0o020000: kind = .characterDevice
    case 0o060000: kind = .blockDevice
    case 0o010000: kind = .fifo
    case 0o140000: kind = .socket
    default: kind = .unknown
    }
    permissions = s.mode & 0o7777
    uid = s.uid
    gid = s.gid
    size = Int64(bitPattern: s.size)
    allocated = Int64(bitPattern: s.blocks) &* 512
    links = s.links
    inode = s.inode
    device = s.device
    deviceNumber = (s.rdev_major, s.rdev_minor)
    modified = s.modified_seconds &* 1_000_000_000 &+ Int64(s.modified_nanoseconds)
    changed = s.changed_seconds &* 1_000_000_000 &+ Int64(s.changed_nanoseconds)
  }

  /// Of the path itself (`follow` false, the default) or of what it links to.
  public static func of(
    _ path: String, in directory: Int32 = OwnedDescriptor.workingDirectory, follow: Bool = false
  ) throws(SystemError) -> FileStatus {
    var s = clinux_stat()
    let flags = follow ? 0 : AT_SYMLINK_NOFOLLOW
    try check(unsafe clinux_stat(directory, path, flags, &s), "stat", path)
    return FileStatus(s)
  }

  public static func of(descriptor: Int32) throws(SystemError) -> FileStatus {
    var s = clinux_stat()
    try check(
      unsafe clinux_stat(descriptor, "", Int32(CLINUX_AT_EMPTY_PATH), &s), "fstat", "\(descriptor)")
    return FileStatus(s)
  }

  /// Nil when the path does not exist.
  public static func find(
    _ path: String, in directory: Int32 = OwnedDescriptor.workingDirectory, follow: Bool = false
  ) throws(SystemError) -> FileStatus? {
    do throws(SystemError) {
      return try of(path, in: directory, follow: follow)
    } catch {
      if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
      throw error
    }
  }
}
