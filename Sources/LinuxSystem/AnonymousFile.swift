import CLinux
import Glibc

extension OwnedDescriptor {
  /// A file in memory without a name (memfd_create(2)).
  public static func anonymousFile(_ name: String, sealable: Bool = false) throws(SystemError)
    -> OwnedDescriptor
  {
    OwnedDescriptor(
      owning: try check(unsafe clinux_memfd(name, sealable ? 3 : 1), "memfd_create", name))
  }

  /// Makes an anonymous file unchangeable for ever (fcntl(2), F_ADD_SEALS).
  ///
  /// EBUSY means that somebody has hold of one of its pages, which under load may be the kernel's own
  /// compaction, stopped half-way. The call waits for 0.15 s by itself; it is made `attempts` times,
  /// with `whenBusy` between.
  public func seal(attempts: Int = 20, whenBusy: () -> Void = {}) throws(SystemError) {
    for attempt in 1... {
      do throws(SystemError) {
        // F_SEAL_SEAL, SHRINK, GROW, WRITE
        try check(clinux_add_seals(raw, 0xF), "fcntl F_ADD_SEALS", "\(raw)")
        return
      } catch {
        guard error.errno == Errno.busy, attempt < attempts else { throw error }
        whenBusy()
      }
    }
  }
}

extension Descriptor {
  /// Continues at the start of the file (lseek(2)).
  public static func rewind(_ fd: Int32) throws(SystemError) {
    try checkErrno(lseek(fd, 0, SEEK_SET), "lseek", "\(fd)")
  }

  /// Copies up to `count` bytes inside the kernel; 0 at the end (sendfile(2)).
  public static func copy(to target: Int32, from source: Int32, count: Int) throws(SystemError)
    -> Int
  {
    Int(try check(clinux_sendfile(target, source, UInt64(count)), "sendfile", "\(source)"))
  }
}
