import CLinux
import Glibc

/// An open directory whose entries are made, changed and removed by name bytes.
///
/// No call follows a link in the last component, and the paths of `open` stay in the directory.
public struct DirectoryHandle: ~Copyable, Sendable {
  public let descriptor: OwnedDescriptor

  public init(owning descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  public init(_ path: String) throws(SystemError) {
    descriptor = try OwnedDescriptor.open(path, [.directory, .noFollow])
  }

  /// How `open` treats links on the way.
  public enum Links: Sendable {
    /// Any link is an error (ELOOP).
    case refused
    /// Links count, but as if this directory were the root.
    case inside
  }

  /// Opens what is at `path` beneath this directory (openat2(2)).
  ///
  /// Mounts are only crossed on request.
  public func open(
    _ path: RawPath, _ flags: OwnedDescriptor.OpenFlags = .readOnly, mode: UInt32 = 0,
    links: Links = .refused, crossesMounts: Bool = false
  ) throws(SystemError) -> OwnedDescriptor {
    // openat2(2) refuses what open(2) ignores: O_PATH takes no O_NOCTTY.
    let quiet = flags.contains(.path) ? 0 : O_NOCTTY
    let how = UInt64(UInt32(bitPattern: flags.rawValue | O_CLOEXEC | quiet))
    var resolve = CLINUX_RESOLVE_NO_MAGICLINKS
    if !crossesMounts { resolve |= CLINUX_RESOLVE_NO_XDEV }
    switch links {
    case .refused: resolve |= CLINUX_RESOLVE_NO_SYMLINKS | CLINUX_RESOLVE_BENEATH
    case .inside: resolve |= CLINUX_RESOLVE_IN_ROOT
    }
    let fd = unsafe path.withPointer {
      unsafe clinux_openat2(
        descriptor.raw, $0, how, flags.contains(.create) ? UInt64(mode) : 0, UInt64(resolve))
    }
    return OwnedDescriptor(owning: try check(fd, "openat2", path.text))
  }

  public func openDirectory(
    _ path: RawPath, links: Links = .refused, crossesMounts: Bool = false
  ) throws(SystemError) -> DirectoryHandle {
    DirectoryHandle(
      owning: try open(path, [.directory], links: links, crossesMounts: crossesMounts))
  }

  /// Makes a new regular file for writing; EEXIST if anything has the name.
  public func makeFile(_ name: RawPath, mode: UInt32 = 0o600) throws(SystemError)
    -> OwnedDescriptor
  {
    let fd = unsafe name.withPointer {
      unsafe clinux_openat(
        descriptor.raw, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    }
    return OwnedDescriptor(owning: try check(fd, "open", name.text))
  }

  public func makeDirectory(_ name: RawPath, mode: UInt32 = 0o755) throws(SystemError) {
    try checkErrno(
      unsafe name.withPointer { unsafe mkdirat(descriptor.raw, $0, mode) }, "mkdir", name.text)
  }

  public func makeLink(_ name: RawPath, to target: RawPath) throws(SystemError) {
    let result = unsafe name.withPointer { name in
      unsafe target.withPointer { unsafe symlinkat($0, descriptor.raw, name) }
    }
    try checkErrno(result, "symlink", name.text)
  }

  /// Gives the file `target` in `directory` another name here (linkat(2)); a link is not followed.
  public func makeHardLink(_ name: RawPath, to target: RawPath, in directory: Int32)
    throws(SystemError)
  {
    let result = unsafe name.withPointer { name in
      unsafe target.withPointer { unsafe linkat(directory, $0, descriptor.raw, name, 0) }
    }
    try checkErrno(result, "link", name.text)
  }

  /// Makes a device node, FIFO or socket (mknod(2)).
  public func makeNode(
    _ name: RawPath, kind: FileStatus.Kind, permissions: UInt32, major: UInt32 = 0,
    minor: UInt32 = 0
  ) throws(SystemError) {
    let mode: UInt32
    switch kind {
    case .characterDevice: mode = 0o020000
    case .blockDevice: mode = 0o060000
    case .fifo: mode = 0o010000
    case .socket: mode = 0o140000
    default: throw SystemError("mknod", name.text, errno: EINVAL)
    }
    try check(
      unsafe name.withPointer {
        unsafe clinux_mknodat(descriptor.raw, $0, mode | permissions & 0o7777, major, minor)
      }, "mknod", name.text)
  }

  /// Nil when nothing has the name.
  public func find(_ name: RawPath) throws(SystemError) -> FileStatus? {
    var s = clinux_stat()
    let result = unsafe name.withPointer {
      unsafe clinux_stat(descriptor.raw, $0, AT_SYMLINK_NOFOLLOW, &s)
    }
    if result == -ENOENT { return nil }
    try check(result, "stat", name.text)
    return FileStatus(s)
  }

  /// Of the directory itself.
  public func status() throws(SystemError) -> FileStatus {
    try FileStatus.of(descriptor: descriptor.raw)
  }

  public func linkTarget(_ name: RawPath) throws(SystemError) -> RawPath {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let n = try checkErrno(
      unsafe name.withPointer { name in
        unsafe buffer.withUnsafeMutableBytes { space -> Int in
          guard let start = space.baseAddress else { return -1 }
          return unsafe readlinkat(
            descriptor.raw, name, start.assumingMemoryBound(to: CChar.self), space.count)
        }
      }, "readlink", name.text)
    guard let path = RawPath(buffer[..<n]) else {
      throw SystemError("readlink", name.text, errno: EINVAL)
    }
    return path
  }

  public func setOwner(_ name: RawPath, uid: UInt32, gid: UInt32) throws(SystemError) {
    try checkErrno(
      unsafe name.withPointer {
        unsafe fchownat(descriptor.raw, $0, uid, gid, AT_SYMLINK_NOFOLLOW)
      },
      "chown", name.text)
  }

  /// Of anything but a link, which has no mode of its own (fchmodat(2) would follow it, even one
  /// that took the name a moment ago).
  public func setMode(_ name: RawPath, _ permissions: UInt32) throws(SystemError) {
    let file = try open(name, [.path, .noFollow], crossesMounts: true)
    try FileNode.setMode(descriptor: file.raw, permissions)
  }

  /// Sets the modification time, in nanoseconds since the epoch (utimensat(2)).
  public func setModified(_ name: RawPath, _ nanoseconds: Int64) throws(SystemError) {
    let times = FileTimes.pair(nanoseconds)
    try checkErrno(
      unsafe name.withPointer { unsafe utimensat(descriptor.raw, $0, times, AT_SYMLINK_NOFOLLOW) },
      "utimensat", name.text)
  }

  public func unlink(_ name: RawPath) throws(SystemError) {
    try checkErrno(
      unsafe name.withPointer { unsafe unlinkat(descriptor.raw, $0, 0) }, "unlink", name.text)
  }

  /// The names in the directory, without `.` and `..`, in no order.
  public func names() throws(SystemError) -> [RawPath] {
    try checkErrno(lseek(descriptor.raw, 0, SEEK_SET), "lseek", "\(descriptor.raw)")
    var names: [RawPath] = []
    var buffer = [UInt8](repeating: 0, count: 32_768)
    while true {
      let count = Int(
        try check(
          unsafe buffer.withUnsafeMutableBytes {
            unsafe clinux_getdents(descriptor.raw, $0.baseAddress, 32_768)
          }, "getdents64", "\(descriptor.raw)"))
      if count == 0 { return names }
      var at = 0
      while at < count {
        // struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name at 19.
        let length = Int(buffer[at + 16]) | Int(buffer[at + 17]) << 8
        let bytes = buffer[(at + 19)..<(at + length)].prefix { $0 != 0 }
        if bytes != [0x2E], bytes != [0x2E, 0x2E], let name = RawPath(bytes) { names.append(name) }
        at += length
      }
    }
  }

  /// Removes a tree without following links and without entering mounts; missing is fine.
  ///
  /// Directories that deny their owner are opened up first. A mount in the tree is an error (EXDEV).
  public func removeTree(_ name: RawPath) throws(SystemError) {
    let removed = unsafe name.withPointer { unsafe unlinkat(descriptor.raw, $0, 0) }
    if removed == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM || errno == EACCES else {
      throw SystemError("unlink", name.text, errno: errno)
    }
    do throws(SystemError) {
      try removeEntries(of: name)
    } catch {
      // Another process may be removing the same tree: what counts is that it goes.
      if error.errno == ENOENT, try find(name) == nil { return }
      guard error.errno == EACCES, let status = try find(name), status.kind == .directory else {
        throw error
      }
      try setMode(name, 0o700)
      try removeEntries(of: name)
    }
    let result = unsafe name.withPointer { unsafe unlinkat(descriptor.raw, $0, AT_REMOVEDIR) }
    if result < 0 && errno != ENOENT { throw SystemError("rmdir", name.text, errno: errno) }
  }

  private func removeEntries(of name: RawPath) throws(SystemError) {
    let directory = try openDirectory(name)
    // Removing moves what getdents(2) has not read yet on some filesystems: list until empty.
    while true {
      let names = try directory.names()
      if names.isEmpty { return }
      for name in names { try directory.removeTree(name) }
    }
  }
}

enum FileTimes {
  /// Access time left alone, modification time as given.
  static func pair(_ nanoseconds: Int64) -> [timespec] {
    var seconds = nanoseconds / 1_000_000_000
    var rest = nanoseconds % 1_000_000_000
    if rest < 0 {
      seconds -= 1
      rest += 1_000_000_000
    }
    // UTIME_OMIT (utimensat(2)), a macro that Swift does not see.
    let omitted = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)
    return [omitted, timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))]
  }
}
