import Model

/// The capabilities of a container: the default set, with what was added and dropped
/// (capabilities(7)).
enum Capabilities {
  /// What docker and podman give by default and what a container's root commonly needs.
  static let standard = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
    "CAP_SYS_CHROOT",
  ]

  static let all = [
    "CAP_AUDIT_CONTROL", "CAP_AUDIT_READ", "CAP_AUDIT_WRITE", "CAP_BLOCK_SUSPEND", "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
    "CAP_FSETID", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_KILL", "CAP_LEASE", "CAP_LINUX_IMMUTABLE",
    "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_MKNOD", "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST", "CAP_NET_RAW", "CAP_PERFMON", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP",
    "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_CHROOT", "CAP_SYS_MODULE",
    "CAP_SYS_NICE", "CAP_SYS_PACCT", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_SYSLOG", "CAP_WAKE_ALARM",
  ]

  /// `available`: what this process could give; others are left out of `all`.
  static func resolve(_ security: ContainerSecurity, available: Set<String>) throws(ErrorReport)
    -> [String]
  {
    if security.privileged { return all.filter(available.contains) }
    let adding = try security.capAdd.map { text throws(ErrorReport) in try normalise(text) }
    let dropping = try security.capDrop.map { text throws(ErrorReport) in try normalise(text) }
    let given = try security.capDefaults.map { text throws(ErrorReport) in try normalise(text) }
    for name in adding where name != "ALL" && dropping.contains(name) {
      throw ErrorReport(.invalidRequest, "capability \(name) cannot be both added and dropped")
    }
    var set = Set(dropping.contains("ALL") ? [] : given.isEmpty ? standard : given)
    if adding.contains("ALL") { set = Set(all.filter(available.contains)) }
    set.formUnion(adding.filter { $0 != "ALL" })
    set.subtract(dropping)
    return set.sorted()
  }

  static func normalise(_ text: String) throws(ErrorReport) -> String {
    let upper = text.uppercased()
    if upper == "ALL" { return upper }
    let name = upper.hasPrefix("CAP_") ? upper : "CAP_\(upper)"
    guard all.contains(name) else {
      throw ErrorReport(.invalidRequest, "unknown capability \"\(text)\"")
    }
    return name
  }
}
