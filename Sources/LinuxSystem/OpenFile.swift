import CLinux
import Glibc

/// What can be changed of an open file or directory, by its descriptor.
public enum OpenFile {
  public static func setOwner(_ fd: Int32, uid: UInt32, gid: UInt32) throws(SystemError) {
    try checkErrno(fchown(fd, uid, gid), "fchown", "\(fd)")
  }

  public static func setMode(_ fd: Int32, _ permissions: UInt32) throws(SystemError) {
    try checkErrno(fchmod(fd, permissions), "fchmod", "\(fd)")
  }

  /// Sets the modification time, in nanoseconds since the epoch (futimens(2)).
  public static func setModified(_ fd: Int32, _ nanoseconds: Int64) throws(SystemError) {
    let times = FileTimes.pair(nanoseconds)
    try checkErrno(unsafe futimens(fd, times), "futimens", "\(fd)")
  }

  public static func setSize(_ fd: Int32, _ bytes: Int64) throws(SystemError) {
    try checkErrno(ftruncate(fd, Int(bytes)), "ftruncate", "\(fd)")
  }

  /// Flushes the file or directory (fsync(2)).
  public static func sync(_ fd: Int32) throws(SystemError) {
    try checkErrno(fsync(fd), "fsync", "\(fd)")
  }

  /// Has the kernel begin to write to the disk what the file has by now, without waiting for it
  /// (sync_file_range(2)); says nothing of what a power cut leaves.
  public static func startWriting(_ fd: Int32) {
    // What goes wrong a flush tells.
    _ = clinux_start_writing(fd)
  }

  /// Flushes the whole filesystem that holds the file (syncfs(2)).
  public static func syncFilesystem(_ fd: Int32) throws(SystemError) {
    try check(clinux_syncfs(fd), "syncfs", "\(fd)")
  }

  public static func seek(_ fd: Int32, to offset: Int64) throws(SystemError) {
    try checkErrno(lseek(fd, Int(offset), SEEK_SET), "lseek", "\(fd)")
  }

  public static func seekToEnd(_ fd: Int32) throws(SystemError) -> Int64 {
    Int64(try checkErrno(lseek(fd, 0, SEEK_END), "lseek", "\(fd)"))
  }

  /// Writes `bytes[range]` to a blocking descriptor, all of it.
  public static func write(_ fd: Int32, _ bytes: [UInt8], _ range: Range<Int>) throws(SystemError) {
    var at = range.lowerBound
    while at < range.upperBound {
      at += try Descriptor.write(fd, bytes, from: at, count: range.upperBound - at)
    }
  }

  /// Copies all of `source` into the empty file `target`, sharing blocks where the filesystem can
  /// (ioctl_ficlone(2)), otherwise inside the kernel (copy_file_range(2)); holes stay holes.
  public static func copy(from source: Int32, to target: Int32, size: Int64) throws(SystemError) {
    if size == 0 || clinux_ficlone(target, source) == 0 { return }
    // Looking for holes costs more than they are worth in small files.
    guard size >= 1 << 16 else { return try copyPiece(from: source, to: target, count: size) }
    var at: Int64 = 0
    while at < size, let start: Int64 = try piece(source, after: at, seekData), start < size {
      let end = min(try piece(source, after: start, seekHole) ?? size, size)
      try seek(source, to: start)
      try seek(target, to: start)
      try copyPiece(from: source, to: target, count: end - start)
      at = end
    }
    // It ends in a hole.
    if at < size { try setSize(target, size) }
  }

  /// SEEK_DATA and SEEK_HOLE (lseek(2)), which the C library's headers hide.
  private static let seekData: Int32 = 3
  private static let seekHole: Int32 = 4

  /// Where the next data or hole is; nil when there is none.
  private static func piece(_ file: Int32, after offset: Int64, _ whence: Int32)
    throws(SystemError) -> Int64?
  {
    do throws(SystemError) {
      return Int64(try checkErrno(lseek(file, Int(offset), whence), "lseek", "\(file)"))
    } catch {
      if error.errno == ENXIO { return nil }
      throw error
    }
  }

  private static func copyPiece(from source: Int32, to target: Int32, count: Int64)
    throws(SystemError)
  {
    var left = count
    while left > 0 {
      var n = clinux_copy_file_range(source, nil, target, nil, UInt64(left))
      if n == Int64(-EXDEV) || n == Int64(-EINVAL) || n == Int64(-EOPNOTSUPP) || n == Int64(-ENOSYS)
      {
        n = clinux_sendfile(target, source, UInt64(min(left, 1 << 30)))
      }
      try check(n, "copy_file_range", "\(target)")
      if n == 0 { return }
      left -= n
    }
  }
}
