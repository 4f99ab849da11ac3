import CommandLineKit
import Engine
import LinuxSystem
import Model

/// The `HostConfig` of `container inspect`.
enum HostInspection {
  static func value(_ config: ContainerConfig, logPath: String) -> TemplateValue {
    .object(
      files(config, logPath) + lifecycle(config) + names(config) + security(config)
        + limits(config.resources) + blockLimits(config.resources))
  }

  private static func files(_ config: ContainerConfig, _ logPath: String) -> [(
    String, TemplateValue
  )] {
    let binds = config.mounts.filter { $0.kind == .bind || $0.kind == .volume }.map { mount in
      let write = mount.options.contains { $0 == "ro" || $0 == "rro" } ? "ro" : "rw"
      let others = mount.options.filter { !["ro", "rw"].contains($0) }
      return "\(mount.source):\(mount.destination):\(([write] + others).joined(separator: ","))"
    }
    let tmpfs = config.mounts.filter { $0.kind == .tmpfs }.map {
      ($0.destination, TemplateValue.string($0.options.joined(separator: ",")))
    }
    return [
      ("Binds", .strings(binds)), ("Tmpfs", .map(tmpfs)),
      ("CgroupManager", .string("cgroupfs")), ("CgroupMode", .string(config.namespaces.cgroup)),
      ("ContainerIDFile", .string(config.lifecycle.cidFile ?? "")),
      (
        "LogConfig",
        .object([
          ("Type", .string(config.lifecycle.logDriver)), ("Config", .null),
          ("Path", .string(logPath)), ("Tag", .string(config.lifecycle.logTag ?? "")),
          ("Size", .string(Human.compactSize(config.lifecycle.logMaxSize ?? 0, more: true))),
        ])
      ), ("VolumeDriver", .string("")), ("VolumesFrom", .null),
    ]
  }

  private static func lifecycle(_ config: ContainerConfig) -> [(String, TemplateValue)] {
    let policy = config.lifecycle.restart.split(separator: ":")
    return [
      (
        "RestartPolicy",
        .object([
          ("Name", .string(policy.first.map(String.init) ?? "no")),
          ("MaximumRetryCount", .int(policy.count > 1 ? Int64(policy[1]) ?? 0 : 0)),
        ])
      ), ("AutoRemove", .bool(config.lifecycle.autoRemove)),
      ("AutoRemoveImage", .bool(config.lifecycle.removesImage)),
      ("Annotations", ContainerInspection.texts(config.annotations)),
      ("Init", .bool(config.lifecycle.initProcess)), ("Runtime", .string("oci")),
      ("ConsoleSize", .list([.int(0), .int(0)])), ("Isolation", .string("")),
    ]
  }

  private static func names(_ config: ContainerConfig) -> [(String, TemplateValue)] {
    let mode = config.network.mode
    return [
      ("NetworkMode", .string(mode.isEmpty ? "default" : mode)),
      ("PortBindings", ContainerInspection.ports(config)),
      ("PublishAllPorts", .bool(config.network.publishesAll)),
      ("Dns", .strings(config.network.dns)), ("DnsOptions", .strings(config.network.dnsOptions)),
      ("DnsSearch", .strings(config.network.dnsSearch)),
      ("ExtraHosts", .strings(config.network.hosts)),
      ("HostsFile", .string(config.network.hostsFile ?? "")), ("Links", .null),
      ("IpcMode", .string(config.namespaces.ipc)), ("PidMode", .string(config.namespaces.pid)),
      ("UTSMode", .string(config.namespaces.uts)),
      ("UsernsMode", .string(usernsMode(config.namespaces))),
      (
        "IDMappings",
        config.namespaces.users.isEmpty
          ? .null
          : .object([
            ("UidMap", .strings(config.namespaces.users)),
            ("GidMap", .strings(config.namespaces.groups)),
          ])
      ), ("Cgroup", .string("")),
      ("Cgroups", .string(config.resources.cgroups ?? "default")),
      ("CgroupParent", .string(config.resources.cgroupParent ?? "")),
    ]
  }

  /// Ids that were chosen when the container was created are its own from then on.
  private static func usernsMode(_ namespaces: ContainerNamespaces) -> String {
    namespaces.user.hasPrefix("auto") && !namespaces.users.isEmpty ? "private" : namespaces.user
  }

  private static func security(_ config: ContainerConfig) -> [(String, TemplateValue)] {
    let security = config.security
    var options: [String] = []
    if let profile = security.seccomp { options.append("seccomp=\(profile)") }
    if let profile = security.apparmor { options.append("apparmor=\(profile)") }
    if security.noNewPrivileges { options.append("no-new-privileges") }
    options += security.masked.map { "mask=\($0)" } + security.unmasked.map { "unmask=\($0)" }
    return [
      ("CapAdd", .strings(security.capAdd.map(ContainerCapabilities.name))),
      ("CapDrop", .strings(security.capDrop.map(ContainerCapabilities.name))),
      ("GroupAdd", .strings(config.process.groups)), ("Privileged", .bool(security.privileged)),
      ("ReadonlyRootfs", .bool(config.readOnly)), ("SecurityOpt", .strings(options)),
      (
        "Devices",
        .list(
          config.mounts.filter { $0.kind == .device }.map { device in
            .object([
              ("PathOnHost", .string(device.source)),
              ("PathInContainer", .string(device.destination)),
              ("CgroupPermissions", .string(device.options.joined())),
            ])
          })
      ),
    ]
  }

  private static func limits(_ resources: ContainerResources) -> [(String, TemplateValue)] {
    let period = Int64(resources.cpuPeriod ?? 0)
    let cpus = period == 100_000 ? (resources.cpuQuota ?? 0) * 10_000 : 0
    return [
      ("Memory", .int(resources.memory ?? 0)), ("MemorySwap", .int(resources.memorySwap ?? 0)),
      ("MemoryReservation", .int(resources.memoryReservation ?? 0)),
      ("MemorySwappiness", .int(resources.memorySwappiness ?? 0)),
      ("OomKillDisable", .bool(resources.oomKillDisable)),
      ("OomScoreAdj", .int(Int64(resources.oomScoreAdjustment ?? 0))),
      ("ShmSize", .int(resources.sharedMemory)), ("NanoCpus", .int(max(0, cpus))),
      ("CpuPeriod", .int(period)), ("CpuQuota", .int(resources.cpuQuota ?? 0)),
      ("CpuShares", .int(Int64(resources.cpuShares ?? 0))),
      ("CpuRealtimePeriod", .int(resources.cpuRealtimePeriod ?? 0)),
      ("CpuRealtimeRuntime", .int(resources.cpuRealtimeRuntime ?? 0)),
      ("CpusetCpus", .string(resources.cpusetCPUs ?? "")),
      ("CpusetMems", .string(resources.cpusetMems ?? "")), ("CpuCount", .int(0)),
      ("CpuPercent", .int(0)), ("PidsLimit", .int(resources.pids ?? 0)),
      ("Ulimits", .list(resources.ulimits.compactMap(limit))), ("DiskQuota", .int(0)),
      ("KernelMemory", .int(0)), ("CgroupConf", .null),
    ]
  }

  private static func blockLimits(_ resources: ContainerResources) -> [(String, TemplateValue)] {
    [
      ("BlkioWeight", .int(resources.blockWeight ?? 0)), ("BlkioWeightDevice", .null),
      ("BlkioDeviceReadBps", .null), ("BlkioDeviceWriteBps", .null),
      ("BlkioDeviceReadIOps", .null), ("BlkioDeviceWriteIOps", .null),
      ("IOMaximumIOps", .int(0)), ("IOMaximumBandwidth", .int(0)),
    ]
  }

  /// `nofile=1024:2048`.
  private static func limit(_ text: String) -> TemplateValue? {
    let pair = text.split(separator: "=")
    guard pair.count == 2 else { return nil }
    let values = pair[1].split(separator: ":").map { Int64($0) ?? -1 }
    guard let soft = values.first, let hard = values.last else { return nil }
    return .object([
      ("Name", .string("RLIMIT_\(pair[0].uppercased())")), ("Soft", .int(soft)),
      ("Hard", .int(hard)),
    ])
  }
}
