import CLinux
import Glibc

/// Tells when something in one of its directories changes (inotify(7)).
public final class FileWatch: Sendable {
  private let descriptor: OwnedDescriptor

  /// Becomes readable with a change.
  public var raw: Int32 { descriptor.raw }

  public init() throws(SystemError) {
    descriptor = OwnedDescriptor(owning: try check(clinux_inotify(), "inotify_init1"))
  }

  public convenience init(_ directory: String) throws(SystemError) {
    try self.init()
    try add(directory)
  }

  public func add(_ directory: String) throws(SystemError) {
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
