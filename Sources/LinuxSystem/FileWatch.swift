import CLinux
import Glibc

/// Tells when something in a directory changes (inotify(7)).
public final class FileWatch: Sendable {
  private let descriptor: OwnedDescriptor

  public init(_ directory: String) throws(SystemError) {
    descriptor = OwnedDescriptor(owning: try check(clinux_inotify(), "inotify_init1"))
    // IN_MODIFY, IN_MOVED_TO, IN_CREATE, IN_MOVED_FROM, IN_DELETE
    try check(
      unsafe clinux_inotify_add(descriptor.raw, directory, 0x2 | 0x80 | 0x100 | 0x40 | 0x200),
      "inotify_add_watch", directory)
  }

  /// Returns after a change or when the time is over.
  public func wait(milliseconds: Int32) throws(SystemError) {
    guard try Descriptor.waitReadable(descriptor.raw, milliseconds: milliseconds) else { return }
    // Which change it was does not matter: whoever waits looks for himself.
    _ = try Descriptor.read(descriptor.raw, upTo: 65_536)
  }
}

extension Descriptor {
  /// Continues at `offset` (lseek(2)).
  public static func seek(_ fd: Int32, to offset: Int64) throws(SystemError) {
    try checkErrno(lseek(fd, Int(offset), SEEK_SET), "lseek", "\(fd)")
  }
}
