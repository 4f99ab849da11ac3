import CLinux
import Glibc

extension Descriptor {
  /// Whether the descriptor was opened for writing (fcntl(2), F_GETFL).
  public static func isWritable(_ fd: Int32) -> Bool {
    let flags = clinux_get_status_flags(fd)
    return flags >= 0 && flags & O_ACCMODE != O_RDONLY
  }

  /// Cuts (or extends) the file to `size` bytes (ftruncate(2)).
  public static func truncate(_ fd: Int32, to size: Int64) throws(SystemError) {
    try checkErrno(ftruncate(fd, off_t(size)), "ftruncate", "\(fd)")
  }

  /// Moves the reading position to `offset` bytes from the start (lseek(2)).
  public static func seek(_ fd: Int32, to offset: Int64) throws(SystemError) {
    try checkErrno(lseek(fd, off_t(offset), SEEK_SET), "lseek", "\(fd)")
  }

  /// Reads at most `limit` bytes into `buffer` from index `start`; 0 at the end of the file, nil
  /// when a non-blocking descriptor has nothing now.
  public static func readNow(
    _ fd: Int32, into buffer: inout [UInt8], at start: Int, limit: Int
  ) throws(SystemError) -> Int? {
    precondition(start >= 0 && limit >= 0 && start + limit <= buffer.count)
    var n: Int
    repeat {
      n = unsafe buffer.withUnsafeMutableBytes {
        unsafe Glibc.read(fd, $0.baseAddress?.advanced(by: start), limit)
      }
    } while n < 0 && errno == EINTR
    if n < 0 && errno == EAGAIN { return nil }
    return try checkErrno(n, "read", "\(fd)")
  }

  /// Writes what a non-blocking descriptor takes now; 0 when it takes nothing.
  public static func writeNow(
    _ fd: Int32, _ bytes: [UInt8], from offset: Int, count: Int
  ) throws(SystemError) -> Int {
    do throws(SystemError) {
      return try write(fd, bytes, from: offset, count: count)
    } catch {
      if error.errno == EAGAIN { return 0 }
      throw error
    }
  }

  /// Sets or clears close-on-exec.
  public static func setInheritable(_ fd: Int32, _ inheritable: Bool) throws(SystemError) {
    try check(clinux_set_fd_flags(fd, inheritable ? 0 : FD_CLOEXEC), "fcntl F_SETFD", "\(fd)")
  }

  /// Closes every descriptor from `first` on, up to `last` (close_range(2)).
  public static func closeAll(from first: Int32, to last: Int32 = .max) throws(SystemError) {
    guard first <= last else { return }
    try check(clinux_close_range(UInt32(first), UInt32(last), 0), "close_range", "\(first)")
  }

  /// Closes every descriptor from `first` up that is not among `kept`.
  public static func closeAll(from first: Int32, except kept: [Int32]) throws(SystemError) {
    var next = first
    for fd in kept.sorted() where fd >= next {
      try closeAll(from: next, to: fd - 1)
      next = fd + 1
    }
    try closeAll(from: next)
  }
}
