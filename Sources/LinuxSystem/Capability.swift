import CLinux
import Glibc

/// Linux capabilities (capabilities(7)).
public enum Capability {
  /// Names by number.
  public static let names: [String] = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
  ]

  public static let sysAdmin = 21

  /// A set of capabilities: bit n is capability number n.
  public struct Mask: OptionSet, Sendable, Equatable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
  }

  /// The number of `CAP_CHOWN` or `chown`; nil for an unknown name.
  public static func number(_ name: String) -> Int? {
    let upper = name.uppercased()
    return names.firstIndex(of: upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper)
  }

  /// The caller's three thread sets (capget(2)).
  public static func current() throws(SystemError) -> (
    effective: Mask, permitted: Mask, inheritable: Mask
  ) {
    var e: UInt64 = 0
    var p: UInt64 = 0
    var i: UInt64 = 0
    try check(unsafe clinux_capget(&e, &p, &i), "capget")
    return (Mask(rawValue: e), Mask(rawValue: p), Mask(rawValue: i))
  }

  public static func set(effective: Mask, permitted: Mask, inheritable: Mask) throws(SystemError) {
    try check(
      clinux_capset(effective.rawValue, permitted.rawValue, inheritable.rawValue), "capset")
  }

  /// Whether the caller's bounding set has the number; nil when the kernel does not know it.
  public static func isBounding(_ number: Int) -> Bool? {
    let result = clinux_prctl(23, UInt64(number), 0, 0, 0)  // PR_CAPBSET_READ
    return result < 0 ? nil : result == 1
  }

  /// Takes everything outside `kept` out of the bounding set (prctl(2), PR_CAPBSET_DROP).
  public static func limitBounding(to kept: Mask) throws(SystemError) {
    for number in 0..<64 where kept.rawValue & (1 << number) == 0 {
      let result = clinux_prctl(24, UInt64(number), 0, 0, 0)
      if result == -Int64(EINVAL) { return }  // past the kernel's last capability
      try check(result, "prctl PR_CAPBSET_DROP", "\(number)")
    }
  }

  /// Makes the ambient set exactly `wanted` (prctl(2), PR_CAP_AMBIENT).
  public static func setAmbient(_ wanted: Mask) throws(SystemError) {
    let cleared = clinux_prctl(47, 4, 0, 0, 0)  // PR_CAP_AMBIENT_CLEAR_ALL
    if cleared < 0 && cleared != -Int64(EINVAL) { try check(cleared, "prctl PR_CAP_AMBIENT") }
    for number in 0..<64 where wanted.rawValue & (1 << number) != 0 {
      let result = clinux_prctl(47, 2, UInt64(number), 0, 0)  // PR_CAP_AMBIENT_RAISE
      if result == -Int64(EPERM) || result == -Int64(EINVAL) { continue }
      try check(result, "prctl PR_CAP_AMBIENT", "\(number)")
    }
  }

  /// Keeps permitted capabilities over the next setresuid(2) (prctl(2), PR_SET_KEEPCAPS).
  public static func keepOverUserChange(_ on: Bool) throws(SystemError) {
    try check(clinux_prctl(8, on ? 1 : 0, 0, 0, 0), "prctl PR_SET_KEEPCAPS")
  }

  /// The names, with CAP_, of what this process may give to others: its bounding set.
  public static func boundingNames() throws(SystemError) -> Set<String> {
    Set(names.indices.filter { isBounding($0) == true }.map { "CAP_\(names[$0])" })
  }
}
