import CLinux
import Glibc

/// Who the calling thread is.
///
/// Callers have one thread.
public enum Credentials {
  /// Sets real, effective and saved user ids (setresuid(2)).
  public static func setUser(_ uid: UInt32) throws(SystemError) {
    try check(clinux_setresuid(uid, uid, uid), "setresuid", "\(uid)")
  }

  public static func setGroup(_ gid: UInt32) throws(SystemError) {
    try check(clinux_setresgid(gid, gid, gid), "setresgid", "\(gid)")
  }

  public static func setSupplementaryGroups(_ groups: [UInt32]) throws(SystemError) {
    try check(
      unsafe groups.withUnsafeBufferPointer {
        unsafe clinux_setgroups(UInt64($0.count), $0.baseAddress)
      }, "setgroups", groups.map(String.init).joined(separator: " "))
  }

  /// The number of supplementary groups that the caller has.
  public static var supplementaryGroupCount: Int { Int(getgroups(0, nil)) }

  /// No execve(2) may grant privileges from now on (prctl(2), PR_SET_NO_NEW_PRIVS).
  public static func denyNewPrivileges() throws(SystemError) {
    try check(clinux_prctl(38, 1, 0, 0, 0), "prctl PR_SET_NO_NEW_PRIVS")
  }

  /// Gives the process a new session keyring (keyctl(2)).
  public static func joinSessionKeyring(_ name: String) throws(SystemError) {
    try check(unsafe clinux_keyctl_join_session(name), "keyctl", name)
  }

  /// Lines of a user namespace's map: inside, outside, count.
  public static func idMap(_ file: String = "/proc/self/uid_map") throws(SystemError) -> [(
    inside: UInt32, outside: UInt32, count: UInt32
  )] {
    try FileTree.readText(file).split(separator: "\n").compactMap { line in
      let numbers = line.split(separator: " ").compactMap { UInt32($0) }
      return numbers.count == 3 ? (numbers[0], numbers[1], numbers[2]) : nil
    }
  }

  /// Whether the caller is in the initial user namespace, where every id maps to itself.
  public static func isInitialUserNamespace() throws(SystemError) -> Bool {
    let map = try idMap()
    return map.count == 1 && map[0] == (0, 0, .max)
  }
}
