import CLinux
import Glibc

/// Copies a tree with owners, modes, links and times, by descriptors: nothing in the source can lead
/// out of its root and the target is a directory of ours.
public enum TreeCopy {
  /// Copies the content, owner and mode of the directory `path` inside `root` into `target`, an
  /// empty directory.
  ///
  /// A missing or other source is fine: then nothing is copied.
  public static func copyUp(from root: borrowing RootDirectory, path: String, to target: String)
    throws(SystemError)
  {
    let source: OwnedDescriptor
    do throws(SystemError) { source = try root.open(path, [.directory]) } catch {
      if [ENOENT, ENOTDIR, ELOOP].contains(error.errno) { return }
      throw error
    }
    let destination = try OwnedDescriptor.open(target, [.directory])
    try copyEntries(source.raw, destination.raw)
    try copyAttributes(try FileStatus.of(descriptor: source.raw), to: destination.raw)
  }

  private static func copyEntries(_ source: Int32, _ target: Int32) throws(SystemError) {
    for name in try FileTree.list(descriptor: source) {
      let status = try FileStatus.of(name, in: source)
      switch status.kind {
      case .directory:
        try FileTree.makeDirectory(name, mode: 0o700, in: target)
        let from = try OwnedDescriptor.open(name, [.directory, .noFollow], in: source)
        let to = try OwnedDescriptor.open(name, [.directory, .noFollow], in: target)
        try copyEntries(from.raw, to.raw)
        try copyAttributes(status, to: to.raw)
      case .regular:
        let from = try OwnedDescriptor.open(name, [.noFollow], in: source)
        let to = try OwnedDescriptor.open(
          name, [.writeOnly, .create, .exclusive, .noFollow], in: target)
        try copyData(from.raw, to.raw)
        try copyAttributes(status, to: to.raw)
      case .symbolicLink:
        try FileTree.makeLink(name, to: try FileTree.readLink(name, in: source), in: target)
        try checkErrno(
          unsafe fchownat(target, name, status.uid, status.gid, AT_SYMLINK_NOFOLLOW), "chown", name)
      case .fifo:
        try check(unsafe clinux_mknodat(target, name, 0o010600, 0, 0), "mknod", name)
      default:
        // Sockets are nothing without their process; devices cannot be made here.
        continue
      }
    }
  }

  private static func copyData(_ source: Int32, _ target: Int32) throws(SystemError) {
    if clinux_ficlone(target, source) == 0 { return }
    var buffer = [UInt8](repeating: 0, count: 1 << 17)
    while true {
      let count = try Descriptor.read(source, into: &buffer)
      if count == 0 { return }
      var done = 0
      while done < count {
        done += try Descriptor.write(target, buffer, from: done, count: count - done)
      }
    }
  }

  private static func copyAttributes(_ status: FileStatus, to target: Int32) throws(SystemError) {
    try checkErrno(fchown(target, status.uid, status.gid), "fchown", "\(target)")
    try checkErrno(fchmod(target, status.permissions), "fchmod", "\(target)")
    var times = (timespec(), timespec())
    times.0.tv_sec = Int(status.modified / 1_000_000_000)
    times.0.tv_nsec = Int(status.modified % 1_000_000_000)
    times.1 = times.0
    try checkErrno(
      unsafe withUnsafePointer(to: &times) {
        unsafe $0.withMemoryRebound(to: timespec.self, capacity: 2) { unsafe futimens(target, $0) }
      }, "futimens", "\(target)")
  }
}
