import CLinux
import Glibc

/// Extended attributes of what is named in a directory; a link's own, never its target's
/// (xattr(7)).
public enum ExtendedAttributes {
  public static func set(_ fd: Int32, _ name: String, _ value: [UInt8]) throws(SystemError) {
    try check(
      unsafe value.withUnsafeBytes {
        unsafe clinux_fsetxattr(fd, name, $0.baseAddress, UInt64($0.count))
      }, "fsetxattr", name)
  }

  /// Nil when the file has no such attribute.
  public static func find(_ name: String, of entry: RawPath, in directory: Int32)
    throws(SystemError) -> [UInt8]?
  {
    guard let path = path(entry, directory) else { return nil }
    // XATTR_SIZE_MAX: no value is larger (xattr(7)).
    var buffer = [UInt8](repeating: 0, count: 256)
    while true {
      let room = UInt64(buffer.count)
      let n = unsafe path.withPointer { path in
        unsafe buffer.withUnsafeMutableBytes {
          unsafe clinux_lgetxattr(path, name, $0.baseAddress, room)
        }
      }
      if n == Int64(-ENODATA) || n == Int64(-EOPNOTSUPP) { return nil }
      if n == Int64(-ERANGE), buffer.count < 65_536 {
        buffer = [UInt8](repeating: 0, count: 65_536)
        continue
      }
      return Array(buffer[..<Int(try check(n, "lgetxattr", entry.text))])
    }
  }

  public static func list(of entry: RawPath, in directory: Int32) throws(SystemError) -> [String] {
    var room = 256
    while true {
      let (n, names) = names(of: entry, in: directory, room)
      if n == Int64(-EOPNOTSUPP) || n == 0 { return [] }
      // XATTR_LIST_MAX: no list is longer (xattr(7)).
      if n == Int64(-ERANGE), room < 65_536 {
        room = 65_536
        continue
      }
      try check(n, "llistxattr", entry.text)
      return names
    }
  }

  /// What the kernel says, and the names in a list of at most `room` bytes.
  private static func names(
    of entry: RawPath, in directory: Int32, _ room: Int
  ) -> (Int64, [String]) {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: room) { buffer in
      let list = buffer.baseAddress
      var n = unsafe entry.withPointer {
        unsafe clinux_listxattrat(directory, $0, list, UInt64(room))
      }
      // EPERM: a filter of system calls that knows nothing of it.
      if n == Int64(-ENOSYS) || n == Int64(-EPERM) {
        guard let path = path(entry, directory) else { return (0, []) }
        n = unsafe path.withPointer { unsafe clinux_llistxattr($0, list, UInt64(room)) }
      }
      guard n > 0 else { return (n, []) }
      let bytes = unsafe buffer[..<Int(n)].map { UInt8(bitPattern: $0) }
      return (n, bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    }
  }

  /// The calls of this family know no directory descriptor before Linux 6.13 (setxattrat(2)).
  private static func path(_ entry: RawPath, _ directory: Int32) -> RawPath? {
    RawPath(Array("/proc/self/fd/\(directory)/".utf8) + Array(entry.bytes))
  }
}
