import CLinux
import Glibc

extension RootDirectory {
  /// Opens `path` below `directory` with no link followed and no other mount entered.
  public static func openPlain(
    _ path: String, _ flags: OwnedDescriptor.OpenFlags, in directory: Int32
  ) throws(SystemError) -> OwnedDescriptor {
    let how = UInt64(UInt32(bitPattern: flags.rawValue | O_CLOEXEC | O_NOCTTY))
    let resolve = UInt64(
      CLINUX_RESOLVE_BENEATH | CLINUX_RESOLVE_NO_SYMLINKS | CLINUX_RESOLVE_NO_XDEV)
    return OwnedDescriptor(
      owning: try check(
        unsafe clinux_openat2(directory, path, how, 0, resolve), "openat2", path))
  }
}
