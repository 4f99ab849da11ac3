import CLinux
import Glibc

/// Making names in an open directory: the container's, where every parent was resolved in the root.
public enum FileNode {
  public enum DeviceKind: UInt32, Sendable {
    case character = 0o020000
    case block = 0o060000
    case fifo = 0o010000
  }

  public static func makeDevice(
    _ name: String, in directory: Int32, _ kind: DeviceKind, mode: UInt32, major: UInt32,
    minor: UInt32
  ) throws(SystemError) {
    try check(
      unsafe clinux_mknodat(directory, name, kind.rawValue | mode, major, minor), "mknod", name)
  }

  /// An empty regular file; one that exists stays.
  ///
  /// Links are not followed.
  public static func ensureFile(_ name: String, in directory: Int32, mode: UInt32 = 0o644)
    throws(SystemError)
  {
    let fd = unsafe clinux_openat(
      directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    if fd >= 0 { Glibc.close(fd) } else if fd != -EEXIST { try check(fd, "create", name) }
  }

  /// Changes what the descriptor is open on; an O_PATH one is enough.
  public static func setMode(descriptor: Int32, _ mode: UInt32) throws(SystemError) {
    try checkErrno(
      unsafe fchmodat(OwnedDescriptor.workingDirectory, "/proc/self/fd/\(descriptor)", mode, 0),
      "chmod", "\(descriptor)")
  }

  public static func setOwner(descriptor: Int32, uid: UInt32, gid: UInt32) throws(SystemError) {
    try checkErrno(
      unsafe fchownat(descriptor, "", uid, gid, Int32(CLINUX_AT_EMPTY_PATH)), "chown",
      "\(descriptor)")
  }

  public static func setOwner(_ name: String, in directory: Int32, uid: UInt32, gid: UInt32)
    throws(SystemError)
  {
    try checkErrno(
      unsafe fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW), "chown", name)
  }
}
