import CLinux
import Glibc

/// Who new files of this thread belong to, without a call for each file (setfsuid(2), setfsgid(2)).
///
/// For a thread of the root of a user namespace that makes files for others. The thread keeps its
/// capabilities (capabilities(7), SECBIT_NO_SETUID_FIXUP), which it would lose with the id of root.
public struct CreationIdentity: ~Copyable {
  private var uid: UInt32
  private var gid: UInt32

  /// Nil where the thread may not do that.
  public init?() {
    guard clinux_keep_capabilities() == 0 else { return nil }
    uid = geteuid()
    gid = getegid()
  }

  /// Makes the next files of this thread belong to the two.
  ///
  /// - Returns: whether they will; ids that the namespace does not have cannot own files.
  public mutating func assume(uid: UInt32, gid: UInt32) -> Bool {
    if gid != self.gid {
      _ = clinux_setfsgid(gid)
      self.gid = UInt32(bitPattern: clinux_setfsgid(.max))
    }
    if uid != self.uid {
      _ = clinux_setfsuid(uid)
      self.uid = UInt32(bitPattern: clinux_setfsuid(.max))
    }
    return uid == self.uid && gid == self.gid
  }
}
