public import OCISpec

/// `spec`: a configuration to start from.
public enum SpecTemplate {
  /// `rootless` is for an unprivileged caller with these ids; nil is for root.
  public static func make(rootless: (uid: UInt32, gid: UInt32)?) -> RuntimeSpec {
    let names = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    let process = RuntimeProcess(
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      terminal: true,
      capabilities: RuntimeCapabilities(bounding: names, effective: names, permitted: names),
      rlimits: [RuntimeResourceLimit(type: "RLIMIT_NOFILE", soft: 1_024, hard: 1_024)],
      noNewPrivileges: true)
    var linux = RuntimeLinux()
    linux.namespaces = [.pid, .ipc, .uts, .mount, .cgroup].map { RuntimeNamespace($0) }
    linux.maskedPaths = [
      "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
      "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
      "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]
    linux.readonlyPaths = [
      "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]
    if let rootless {
      linux.namespaces.append(RuntimeNamespace(.user))
      linux.uidMappings = [RuntimeIDMapping(containerID: 0, hostID: rootless.uid, size: 1)]
      linux.gidMappings = [RuntimeIDMapping(containerID: 0, hostID: rootless.gid, size: 1)]
    } else {
      linux.namespaces.append(RuntimeNamespace(.network))
      var resources = RuntimeResources()
      resources.devices = [RuntimeDeviceRule(allow: false, access: "rwm")]
      linux.resources = resources
    }
    return RuntimeSpec(
      process: process, root: RuntimeRoot(path: "rootfs", readonly: true), hostname: "martlet",
      mounts: mounts(rootless: rootless != nil), linux: linux)
  }

  private static func mounts(rootless: Bool) -> [RuntimeMount] {
    let sys =
      rootless
      ? RuntimeMount(
        destination: "/sys", type: "none", source: "/sys",
        options: ["rbind", "nosuid", "noexec", "nodev", "ro"])
      : RuntimeMount(
        destination: "/sys", type: "sysfs", source: "sysfs",
        options: ["nosuid", "noexec", "nodev", "ro"])
    let terminalGroup = rootless ? [] : ["gid=5"]
    return [
      RuntimeMount(destination: "/proc", type: "proc", source: "proc"),
      RuntimeMount(
        destination: "/dev", type: "tmpfs", source: "tmpfs",
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      RuntimeMount(
        destination: "/dev/pts", type: "devpts", source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
          + terminalGroup),
      RuntimeMount(
        destination: "/dev/shm", type: "tmpfs", source: "shm",
        options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
      RuntimeMount(
        destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
        options: ["nosuid", "noexec", "nodev"]),
      sys,
      RuntimeMount(
        destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
        options: ["nosuid", "noexec", "nodev", "relatime", "ro"]),
    ]
  }
}
