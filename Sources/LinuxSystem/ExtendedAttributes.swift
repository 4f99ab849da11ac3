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
    guard let path = path(entry, directory) else { return [] }
    var buffer = [CChar](repeating: 0, count: 1_024)
    while true {
      let room = UInt64(buffer.count)
      let n = unsafe path.withPointer { path in
        unsafe buffer.withUnsafeMutableBufferPointer {
          unsafe clinux_llistxattr(path, $0.baseAddress, room)
        }
      }
      if n == Int64(-EOPNOTSUPP) { return [] }
      if n == Int64(-ERANGE), buffer.count < 65_536 {
        buffer = [CChar](repeating: 0, count: 65_536)
        continue
      }
      let count = Int(try check(n, "llistxattr", entry.text))
      return buffer[..<count].split(separator: 0).map {
        String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
    }
  }

  /// The calls of this family know no directory descriptor before Linux 6.13 (setxattrat(2)).
  private static func path(_ entry: RawPath, _ directory: Int32) -> RawPath? {
    RawPath(Array("/proc/self/fd/\(directory)/".utf8) + Array(entry.bytes))
  }
}
