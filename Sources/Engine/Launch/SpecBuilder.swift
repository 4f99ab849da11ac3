import LinuxSystem
import Model
import OCISpec
import UserNamespaces

/// The bundle's `config.json` from what was asked for and what the stage found.
struct SpecBuilder {
  let config: ContainerConfig
  let facts: StageFacts

  func build() throws -> RuntimeSpec {
    var spec = RuntimeSpec()
    spec.root = RuntimeRoot(path: facts.rootfs, readonly: config.readOnly)
    // Another's name is not ours to change.
    let ownsNames = config.namespaces.uts == "private"
    spec.hostname = ownsNames ? config.hostname : nil
    spec.domainname = ownsNames ? config.domainname : nil
    spec.annotations = config.annotations
    spec.process = try process()
    spec.mounts = try mounts()
    spec.linux = try linux()
    return spec
  }

  func process() throws -> RuntimeProcess {
    var process = RuntimeProcess()
    process.args = config.process.arguments
    if config.lifecycle.initProcess {
      let own = config.lifecycle.initPath == nil ? ["--init"] : []
      process.args = [Self.initPath] + own + ["--"] + process.args
    }
    process.env = environment()
    process.cwd = config.process.workingDirectory
    process.terminal = config.process.terminal
    process.user = RuntimeUser(
      uid: facts.user.uid, gid: facts.user.gid,
      umask: UInt32(config.process.umask, radix: 8) ?? 0o022, additionalGids: facts.user.groups)
    process.capabilities = try capabilities()
    process.noNewPrivileges = config.security.noNewPrivileges
    process.oomScoreAdj = config.resources.oomScoreAdjustment
    process.rlimits = try Ulimits.resolve(config.resources.ulimits)
    process.apparmorProfile = config.security.apparmor.flatMap { $0 == "unconfined" ? nil : $0 }
    return process
  }

  /// What the monitor has executed in the container to learn about its health, by file name.
  func probes() throws -> [(name: String, process: RuntimeProcess)] {
    guard let health = config.health else { return [] }
    return health.probes(of: try process())
  }

  static let initPath = "/run/.martlet-init"

  private func environment() -> [String] {
    let secret = Set(facts.secretVariables.map { $0.prefix { $0 != "=" } })
    var all = config.process.environment.filter { !secret.contains($0.prefix { $0 != "=" }) }
    all += facts.secretVariables
    let unset = Set(config.process.unsetEnvironment)
    func add(_ name: String, _ value: String) {
      if unset.contains("*") || unset.contains(name) { return }
      if !all.contains(where: { $0.hasPrefix("\(name)=") }) { all.append("\(name)=\(value)") }
    }
    add("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    add("container", "oci")
    if config.process.terminal { add("TERM", "xterm") }
    if let hostname = config.hostname { add("HOSTNAME", hostname) }
    add("HOME", facts.user.home)
    if facts.files.contains(where: { $0.destination == NotifySetup.mountPoint }) {
      add("NOTIFY_SOCKET", "\(NotifySetup.mountPoint)/notify.sock")
    }
    return all
  }

  private func capabilities() throws(ErrorReport) -> RuntimeCapabilities {
    let security = config.security
    let names = try Capabilities.resolve(security, available: facts.capabilities)
    // Inheritable stays empty (CVE-2022-29162). Another user than root has what was added by name,
    // as ambient capabilities, and no more.
    guard facts.user.uid != 0 else {
      return RuntimeCapabilities(bounding: names, effective: names, permitted: names)
    }
    let added = Set(
      try security.capAdd.map { text throws(ErrorReport) in try Capabilities.normalise(text) })
    let kept = added.contains("ALL") ? names : names.filter(added.contains)
    return RuntimeCapabilities(
      bounding: names, effective: kept, inheritable: [], permitted: kept, ambient: [])
  }

  private func linux() throws -> RuntimeLinux {
    var linux = RuntimeLinux()
    linux.namespaces = namespaces()
    if let mapping = facts.userMapping {
      linux.uidMappings = mapping.users.map(Self.range)
      linux.gidMappings = mapping.groups.map(Self.range)
    }
    linux.resources = resources()
    linux.sysctl = config.security.sysctl
    linux.cgroupsPath = facts.cgroupPath
    linux.devices = try devices()
    linux.rootfsPropagation = "rprivate"
    if !config.security.privileged {
      linux.maskedPaths =
        (Self.masked + config.security.masked).filter { !isUnmasked($0) }
      linux.readonlyPaths = Self.readOnly.filter { !isUnmasked($0) }
    }
    linux.seccomp = try seccomp()
    return linux
  }

  private static func range(_ range: IDRange) -> RuntimeIDMapping {
    RuntimeIDMapping(containerID: range.inside, hostID: range.outside, size: range.count)
  }

  private func isUnmasked(_ path: String) -> Bool {
    config.security.unmasked.contains { pattern in
      pattern == "ALL" || pattern == path
        || (pattern.hasSuffix("/*") && path.hasPrefix(pattern.dropLast()))
    }
  }

  private func namespaces() -> [RuntimeNamespace] {
    var list = [RuntimeNamespace(.mount)]
    if let path = facts.userNamespace { list.append(RuntimeNamespace(.user, path: path)) }
    if let path = facts.networkNamespace { list.append(RuntimeNamespace(.network, path: path)) }
    let asked = config.namespaces
    for (text, kind) in [
      (asked.pid, RuntimeNamespace.Kind.pid), (asked.ipc, .ipc), (asked.uts, .uts),
      (asked.cgroup, .cgroup),
    ] where text != "host" {
      list.append(RuntimeNamespace(kind, path: facts.joined.first { $0.type == kind }?.path))
    }
    return list
  }

  private func resources() -> RuntimeResources? {
    let asked = config.resources
    var resources = RuntimeResources()
    if asked.memory != nil || asked.memorySwap != nil || asked.memoryReservation != nil
      || asked.memorySwappiness != nil || asked.oomKillDisable
    {
      var memory = RuntimeMemory()
      memory.limit = asked.memory
      memory.swap = asked.memorySwap ?? asked.memory.map { $0 * 2 }
      memory.reservation = asked.memoryReservation
      memory.swappiness = asked.memorySwappiness.map { UInt64(clamping: $0) }
      if asked.oomKillDisable { memory.disableOOMKiller = true }
      resources.memory = memory
    }
    if asked.cpuQuota != nil || asked.cpuShares != nil || asked.cpusetCPUs != nil
      || asked.cpusetMems != nil || asked.cpuRealtimePeriod != nil
      || asked.cpuRealtimeRuntime != nil
    {
      var cpu = RuntimeCPU()
      cpu.quota = asked.cpuQuota
      cpu.period = asked.cpuPeriod
      cpu.shares = asked.cpuShares
      cpu.cpus = asked.cpusetCPUs
      cpu.mems = asked.cpusetMems
      cpu.realtimePeriod = asked.cpuRealtimePeriod.map { UInt64(clamping: $0) }
      cpu.realtimeRuntime = asked.cpuRealtimeRuntime
      resources.cpu = cpu
    }
    if let weight = asked.blockWeight {
      var block = RuntimeBlockIO()
      block.weight = UInt16(clamping: weight)
      resources.blockIO = block
    }
    // No limit is what there is: only a limit needs the controller.
    if let pids = asked.pids, pids > 0 { resources.pids = RuntimePids(limit: pids) }
    return resources == RuntimeResources() ? nil : resources
  }

  private func seccomp() throws -> RuntimeSeccomp? {
    if config.security.privileged || config.security.seccomp == "unconfined" { return nil }
    let bounding = Set(try capabilities().bounding)
    guard let path = config.security.seccomp else {
      return DefaultSeccompProfile.make(capabilities: bounding)
    }
    let bytes = try FileTree.read(path, limit: 16 << 20)
    let release = (try? FileTree.readText("/proc/sys/kernel/osrelease", limit: 256)) ?? ""
    do throws(SpecError) {
      return try SeccompProfile(parsing: bytes).adapted(
        to: SeccompProfile.Machine(capabilities: bounding, release: release))
    } catch {
      throw ErrorReport(.invalidRequest, "seccomp profile \(path): \(error)")
    }
  }

  private static let masked = [
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
    "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
    "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux",
    "/sys/dev/block",
  ]
  private static let readOnly = [
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
  ]
}
