import CLinux
import Glibc

/// Names in directories.
///
/// Making, listing, moving and removing them. Paths are the caller's own, never a container's
/// (those go through `RootDirectory`).
public enum FileTree {
  /// Makes `path` and its missing parents; what exists keeps its mode (mkdir(2)).
  public static func ensureDirectory(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
    let made = unsafe mkdir(path, mode)
    if made == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw SystemError("mkdir", path, errno: errno)
    }
    try ensureDirectory(String(path[..<slash]), mode: mode)
    let result = unsafe mkdir(path, mode)
    if result < 0 && errno != EEXIST { throw SystemError("mkdir", path, errno: errno) }
  }

  /// The same for the place of trees that have nothing to do with one another.
  ///
  /// On ext4 new directories in it go far from one another (`chattr +T`). Without that a tree comes
  /// where another was removed, and ext4 looks at every inode that was in use during the last
  /// minutes whenever it makes a file: twenty times as slow.
  public static func ensurePlace(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
    try ensureDirectory(path, mode: mode)
    let directory = try OwnedDescriptor.open(path, [.directory])
    // It is advice, which other filesystems do not know.
    _ = clinux_spread_directories(directory.raw)
  }

  /// Makes one directory; an existing one is an error (EEXIST).
  public static func makeDirectory(
    _ path: String, mode: UInt32 = 0o700, in directory: Int32 = OwnedDescriptor.workingDirectory
  ) throws(SystemError) {
    try checkErrno(unsafe mkdirat(directory, path, mode), "mkdir", path)
  }

  public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Whether the caller could execute the file (access(2), X_OK).
  public static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

  public static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }

  /// The names in a directory, without `.` and `..`, in no order.
  public static func list(_ path: String) throws(SystemError) -> [String] {
    let directory = try OwnedDescriptor.open(path, [.directory])
    return try list(descriptor: directory.raw)
  }

  /// The names in an open directory (getdents64(2)); reading continues at its offset.
  public static func list(descriptor: Int32) throws(SystemError) -> [String] {
    var names: [String] = []
    var buffer = [UInt8](repeating: 0, count: 32_768)
    while true {
      let count = Int(
        try check(
          unsafe buffer.withUnsafeMutableBytes {
            unsafe clinux_getdents(descriptor, $0.baseAddress, 32_768)
          }, "getdents64", "\(descriptor)"))
      if count == 0 { return names }
      var at = 0
      while at < count {
        // struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name at 19.
        let length = Int(buffer[at + 16]) | Int(buffer[at + 17]) << 8
        let bytes = buffer[(at + 19)..<(at + length)].prefix { $0 != 0 }
        let name = String(decoding: bytes, as: UTF8.self)
        if name != "." && name != ".." { names.append(name) }
        at += length
      }
    }
  }

  /// The target of a symbolic link.
  public static func readLink(
    _ path: String, in directory: Int32 = OwnedDescriptor.workingDirectory
  ) throws(SystemError) -> String {
    var buffer = [UInt8](repeating: 0, count: 4_097)
    let n = try checkErrno(
      unsafe buffer.withUnsafeMutableBytes { space -> Int in
        guard let start = space.baseAddress else { return -1 }
        return unsafe readlinkat(directory, path, start.assumingMemoryBound(to: CChar.self), 4_096)
      }, "readlink", path)
    return String(decoding: buffer[..<n], as: UTF8.self)
  }

  public static func makeLink(
    _ path: String, to target: String, in directory: Int32 = OwnedDescriptor.workingDirectory
  ) throws(SystemError) {
    try checkErrno(unsafe symlinkat(target, directory, path), "symlink", path)
  }

  /// Renames over whatever is there (rename(2)).
  public static func rename(_ from: String, to: String) throws(SystemError) {
    try checkErrno(unsafe Glibc.rename(from, to), "rename", "\(from) to \(to)")
  }

  /// Renames, or fails with EEXIST if `to` exists (renameat2(2), RENAME_NOREPLACE).
  public static func renameNew(_ from: String, to: String) throws(SystemError) {
    try check(
      unsafe clinux_renameat2(AT_FDCWD, from, AT_FDCWD, to, CLINUX_RENAME_NOREPLACE), "rename",
      "\(from) to \(to)")
  }

  public static func unlink(
    _ path: String, in directory: Int32 = OwnedDescriptor.workingDirectory
  ) throws(SystemError) {
    try checkErrno(unsafe unlinkat(directory, path, 0), "unlink", path)
  }

  /// Unlinks; true if it was there.
  @discardableResult
  public static func unlinkIfPresent(_ path: String) throws(SystemError) -> Bool {
    if unsafe Glibc.unlink(path) == 0 { return true }
    if errno == ENOENT || errno == ENOTDIR { return false }
    throw SystemError("unlink", path, errno: errno)
  }

  public static func removeDirectory(_ path: String) throws(SystemError) {
    try checkErrno(unsafe rmdir(path), "rmdir", path)
  }

  /// Removes a tree without following links and without entering mounts; missing is fine.
  ///
  /// Directories that deny the owner are opened up first. Names in it may be any bytes.
  public static func removeTree(
    _ path: String, in directory: Int32 = OwnedDescriptor.workingDirectory
  ) throws(SystemError) {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    let slash = trimmed.lastIndex(of: "/")
    let parent = slash.map { trimmed[...$0] } ?? "."
    let last = slash.map { trimmed[trimmed.index(after: $0)...] } ?? trimmed
    guard let name = RawPath(String(last)), last != ".", last != ".." else {
      throw SystemError("unlink", path, errno: EINVAL)
    }
    let opened: DirectoryHandle?
    do throws(SystemError) {
      opened = DirectoryHandle(
        owning: try OwnedDescriptor.open(String(parent), [.directory], in: directory))
    } catch {
      if error.errno == ENOENT { return }
      throw error
    }
    try opened?.removeTree(name)
  }

  /// The whole content of a file, at most `limit` bytes (EFBIG past it).
  public static func read(
    _ path: String, limit: Int = 1 << 26, in directory: Int32 = OwnedDescriptor.workingDirectory
  ) throws(SystemError) -> [UInt8] {
    let file = try OwnedDescriptor.open(path, in: directory)
    do throws(SystemError) {
      return try Descriptor.readAll(file.raw, limit: limit)
    } catch {
      throw SystemError(error.call, path, errno: error.errno)
    }
  }

  public static func readText(_ path: String, limit: Int = 1 << 26) throws(SystemError) -> String {
    String(decoding: try read(path, limit: limit), as: UTF8.self)
  }

  /// Writes a file in place.
  ///
  /// For kernel files (/proc, cgroups) and files nobody else can see yet. Records go through
  /// `StateStore`.
  public static func write(_ path: String, _ text: String, mode: UInt32 = 0o600)
    throws(SystemError)
  {
    let file = try OwnedDescriptor.open(path, [.writeOnly, .create, .truncate], mode: mode)
    do throws(SystemError) {
      try Descriptor.writeAll(file.raw, text)
    } catch {
      throw SystemError(error.call, path, errno: error.errno)
    }
  }

  /// Flushes a file or directory by name (fsync(2)).
  public static func sync(_ path: String) throws(SystemError) {
    let file = try OwnedDescriptor.open(path)
    try checkErrno(fsync(file.raw), "fsync", path)
  }

  /// Flushes the whole filesystem that holds `path` (syncfs(2)).
  public static func syncFilesystem(_ path: String) throws(SystemError) {
    let file = try OwnedDescriptor.open(path)
    try check(clinux_syncfs(file.raw), "syncfs", path)
  }

  /// Free bytes for an ordinary user on the filesystem that holds `path`.
  public static func freeBytes(_ path: String) throws(SystemError) -> Int64 {
    let file = try OwnedDescriptor.open(path, [.path])
    var flags: UInt64 = 0
    return try check(unsafe clinux_filesystem_free(file.raw, &flags), "statfs", path)
  }

  public static func setMode(_ path: String, _ mode: UInt32) throws(SystemError) {
    try checkErrno(unsafe chmod(path, mode), "chmod", path)
  }

  public static func setOwner(_ path: String, uid: UInt32, gid: UInt32) throws(SystemError) {
    try checkErrno(unsafe lchown(path, uid, gid), "chown", path)
  }

  /// The absolute path with every link resolved (realpath(3)).
  public static func resolve(_ path: String) throws(SystemError) -> String {
    guard let found = unsafe realpath(path, nil) else {
      throw SystemError("realpath", path, errno: errno)
    }
    defer { unsafe free(found) }
    return unsafe String(cString: found)
  }

  public static func makeFIFO(_ path: String, mode: UInt32 = 0o600) throws(SystemError) {
    try checkErrno(unsafe mkfifo(path, mode), "mkfifo", path)
  }
}
