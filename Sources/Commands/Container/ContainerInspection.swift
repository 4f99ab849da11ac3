import CommandLineKit
import Engine
import LinuxSystem
import Model
import OCISpec

/// `container inspect`, and the container part of `inspect`.
enum ContainerInspection {
  /// Podman's keys.
  static func value(
    _ config: ContainerConfig, _ condition: ContainerCondition, _ context: EngineContext
  ) throws -> TemplateValue {
    let status = condition.status
    let store = ContainerStore(context)
    let directory = store.directory(config.id)
    let arguments = config.process.arguments
    return .object([
      ("Id", .string(config.id)), ("Created", .string(Timestamp.format(config.created))),
      ("Path", .string(arguments.first ?? "")), ("Args", .strings(Array(arguments.dropFirst()))),
      ("State", try state(config, status, context)), ("Image", .string(config.image?.id ?? "")),
      ("ImageDigest", .string(config.image?.digest ?? "")),
      ("ImageName", .string(config.image?.name ?? "")), ("Rootfs", .string(config.rootfs ?? "")),
      ("Pod", .string("")),
      ("ResolvConfPath", .string("\(store.liveDirectory(config.id))/etc/resolv.conf")),
      ("HostnamePath", .string("\(store.liveDirectory(config.id))/etc/hostname")),
      ("HostsPath", .string("\(store.liveDirectory(config.id))/etc/hosts")),
      ("StaticDir", .string(directory)),
      ("OCIConfigPath", .string("\(store.liveDirectory(config.id))/bundle/config.json")),
      ("OCIRuntime", .string(config.lifecycle.runtime.map(lastPart) ?? "martlet-oci")),
      ("ConmonPidFile", .string("\(store.liveDirectory(config.id))/monitor.pid")),
      ("PidFile", .string("\(store.liveDirectory(config.id))/pidfile")),
      ("Name", .string(config.name)), ("RestartCount", .int(Int64(condition.restarts))),
      ("Driver", .string("overlay")),
      ("MountLabel", .string("")), ("ProcessLabel", .string("")), ("AppArmorProfile", .string("")),
      ("EffectiveCaps", capabilities(config)), ("BoundingCaps", capabilities(config)),
      ("ExecIDs", .list([])),
      (
        "GraphDriver",
        .object([
          ("Name", .string("overlay")),
          (
            "Data",
            .object([
              ("MergedDir", .string(ContainerStore(context).mountPoint)),
              ("UpperDir", .string("\(directory)/upper")),
              ("WorkDir", .string("\(directory)/work")),
            ])
          ),
        ])
      ),
      ("Mounts", .list(config.mounts.filter { $0.kind != .device }.map { mount($0, context) })),
      ("Dependencies", .list([])), ("NetworkSettings", network(config)), ("Namespace", .string("")),
      ("IsInfra", .bool(false)), ("IsService", .bool(false)), ("Config", configuration(config)),
      ("HostConfig", host(config, directory)),
    ])
  }

  private static func lastPart(_ path: String) -> String {
    String(path.split(separator: "/").last ?? "")
  }

  private static func capabilities(_ config: ContainerConfig) -> TemplateValue {
    .strings((try? ContainerCapabilities.names(config)) ?? [])
  }

  private static func state(
    _ config: ContainerConfig, _ status: ContainerStatus, _ context: EngineContext
  ) throws -> TemplateValue {
    let never = "0001-01-01T00:00:00Z"
    var started = never
    var finished = never
    var outOfMemory = false
    switch status {
    case .running(_, let since, _), .paused(_, let since), .stopping(_, let since):
      started = Timestamp.format(since)
    case .exited(_, let end, let start, let oom):
      started = start == 0 ? never : Timestamp.format(start)
      finished = Timestamp.format(end)
      outOfMemory = oom
    default: break
    }
    let monitor = ContainerStore(context).monitorPID(config.id)
    let health = HealthInspection.state(try CheckHealth(context).read(config))
    let fields: [(String, TemplateValue)] = [
      ("OciVersion", .string("1.2.0")), ("Status", .string(status.word)),
      ("Running", .bool({ if case .running = status { true } else { false } }())),
      ("Paused", .bool({ if case .paused = status { true } else { false } }())),
      ("Restarting", .bool(status == .restarting)), ("OOMKilled", .bool(outOfMemory)),
      ("Dead", .bool(false)), ("Pid", .int(Int64(status.pid ?? 0))),
      ("ConmonPid", .int(Int64(monitor ?? 0))), ("ExitCode", .int(Int64(status.exitCode))),
      ("Error", .string("")), ("StartedAt", .string(started)), ("FinishedAt", .string(finished)),
      ("Health", health), ("CgroupPath", .string("/martlet/\(config.id)")),
      ("CheckpointedAt", .string(never)), ("RestoredAt", .string(never)),
    ]
    // Podman's templates know both names.
    return .object(TemplateObject(fields, methods: [("Healthcheck", { _ in health })]))
  }

  private static func mount(_ mount: ContainerMount, _ context: EngineContext) -> TemplateValue {
    let isVolume = mount.kind == .volume
    var fields: [(String, TemplateValue)] = [("Type", .string(mount.kind.rawValue))]
    if isVolume { fields.append(("Name", .string(mount.source))) }
    fields += [
      (
        "Source",
        .string(isVolume ? "\(context.volumes)/\(mount.source)/_data" : mount.source)
      ), ("Destination", .string(mount.destination)),
      ("Driver", .string(isVolume ? "local" : "")), ("Mode", .string("")),
      ("Options", .strings(mount.options)),
      ("RW", .bool(!mount.options.contains("ro") && !mount.options.contains("rro"))),
      ("Propagation", .string("rprivate")),
    ]
    return .object(fields)
  }

  private static func network(_ config: ContainerConfig) -> TemplateValue {
    var ports: [(String, TemplateValue)] = []
    for port in config.network.ports {
      guard case .object(let fields) = PortText.json(port) else { continue }
      func text(_ name: String) -> String {
        switch fields.fields.first(where: { $0.0 == name })?.1 {
        case .string(let text)?: text
        case .int(let number)?: "\(number)"
        default: ""
        }
      }
      let key = "\(text("container_port"))/\(text("protocol"))"
      let ip = text("host_ip")
      let binding = TemplateValue.object([
        ("HostIp", .string(ip.isEmpty ? "0.0.0.0" : ip)), ("HostPort", .string(text("host_port"))),
      ])
      if let index = ports.firstIndex(where: { $0.0 == key }), case .list(let all) = ports[index].1
      {
        ports[index].1 = .list(all + [binding])
      } else {
        ports.append((key, .list([binding])))
      }
    }
    return .object([
      ("EndpointID", .string("")), ("Gateway", .string("")), ("IPAddress", .string("")),
      ("IPPrefixLen", .int(0)), ("IPv6Gateway", .string("")), ("GlobalIPv6Address", .string("")),
      ("GlobalIPv6PrefixLen", .int(0)), ("MacAddress", .string("")), ("Bridge", .string("")),
      ("SandboxID", .string("")), ("HairpinMode", .bool(false)),
      ("LinkLocalIPv6Address", .string("")), ("LinkLocalIPv6PrefixLen", .int(0)),
      ("Ports", .map(ports)), ("SandboxKey", .string("")), ("Networks", .map([])),
    ])
  }

  private static func configuration(_ config: ContainerConfig) -> TemplateValue {
    let process = config.process
    return .object(
      [
        ("Hostname", .string(config.hostname ?? "")), ("Domainname", .string("")),
        ("User", .string(process.user)), ("AttachStdin", .bool(false)),
        ("AttachStdout", .bool(false)), ("AttachStderr", .bool(false)),
        ("Tty", .bool(process.terminal)), ("OpenStdin", .bool(process.interactive)),
        ("StdinOnce", .bool(false)), ("Env", .strings(process.environment)),
        ("Cmd", .strings(process.command)), ("Image", .string(config.image?.name ?? "")),
        ("Volumes", .null), ("WorkingDir", .string(process.workingDirectory)),
        ("Entrypoint", .strings(process.entrypoint)), ("OnBuild", .null),
        (
          "Labels",
          .map(config.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        ),
        (
          "Annotations",
          .map(config.annotations.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        ), ("StopSignal", .string(SignalNumber.name(config.lifecycle.stopSignal))),
        ("CreateCommand", .strings(config.createCommand)), ("Umask", .string(process.umask)),
        ("Timeout", .int(Int64(config.lifecycle.timeout ?? 0))),
        ("SdNotifyMode", .string(config.lifecycle.sdnotify)),
        ("SdNotifySocket", .string(config.lifecycle.notifySocket ?? "")),
        ("StopTimeout", .int(Int64(config.lifecycle.stopTimeout))),
        ("Passwd", .bool(true)),
      ] + HealthInspection.configuration(config.health))
  }

  private static func logPath(_ config: ContainerConfig, _ directory: String) -> String {
    switch config.lifecycle.logDriver {
    case "k8s-file", "json-file": config.lifecycle.logPath ?? "\(directory)/ctr.log"
    default: config.lifecycle.logPath ?? ""
    }
  }

  private static func host(_ config: ContainerConfig, _ directory: String) -> TemplateValue {
    let resources = config.resources
    let policy = config.lifecycle.restart.split(separator: ":")
    return .object([
      (
        "Binds",
        .strings(
          config.mounts.filter { $0.kind == .bind || $0.kind == .volume }.map {
            "\($0.source):\($0.destination):\(($0.options + ["rw"]).joined(separator: ","))"
          })
      ), ("CgroupManager", .string("cgroupfs")), ("CgroupMode", .string(config.namespaces.cgroup)),
      ("ContainerIDFile", .string(config.lifecycle.cidFile ?? "")),
      (
        "LogConfig",
        .object([
          ("Type", .string(config.lifecycle.logDriver)), ("Config", .null),
          ("Path", .string(logPath(config, directory))),
          ("Tag", .string(config.lifecycle.logTag ?? "")),
          ("Size", .string(Human.size(config.lifecycle.logMaxSize ?? 0))),
        ])
      ), ("NetworkMode", .string(config.network.mode.isEmpty ? "default" : config.network.mode)),
      ("PortBindings", .map([])),
      (
        "RestartPolicy",
        .object([
          ("Name", .string(policy.first.map(String.init) ?? "no")),
          ("MaximumRetryCount", .int(policy.count > 1 ? Int64(policy[1]) ?? 0 : 0)),
        ])
      ), ("AutoRemove", .bool(config.lifecycle.autoRemove)),
      ("CapAdd", .strings(config.security.capAdd)), ("CapDrop", .strings(config.security.capDrop)),
      ("Dns", .strings(config.network.dns)), ("DnsOptions", .strings(config.network.dnsOptions)),
      ("DnsSearch", .strings(config.network.dnsSearch)),
      ("ExtraHosts", .strings(config.network.hosts)), ("GroupAdd", .strings(config.process.groups)),
      ("IpcMode", .string(config.namespaces.ipc)), ("Cgroup", .string("")),
      ("OomScoreAdj", .int(Int64(resources.oomScoreAdjustment ?? 0))),
      ("PidMode", .string(config.namespaces.pid)),
      ("Privileged", .bool(config.security.privileged)), ("PublishAllPorts", .bool(false)),
      ("ReadonlyRootfs", .bool(config.readOnly)), ("SecurityOpt", .list([])),
      ("UTSMode", .string(config.namespaces.uts)), ("UsernsMode", .string(config.namespaces.user)),
      ("ShmSize", .int(resources.sharedMemory)), ("Runtime", .string("oci")),
      ("Memory", .int(resources.memory ?? 0)),
      ("NanoCpus", .int((resources.cpuQuota ?? 0) * 10_000)),
      ("CpuPeriod", .int(Int64(resources.cpuPeriod ?? 0))),
      ("CpuQuota", .int(resources.cpuQuota ?? 0)),
      ("CpuShares", .int(Int64(resources.cpuShares ?? 0))),
      ("CpusetCpus", .string(resources.cpusetCPUs ?? "")),
      ("CpusetMems", .string(resources.cpusetMems ?? "")),
      ("MemoryReservation", .int(resources.memoryReservation ?? 0)),
      ("MemorySwap", .int(resources.memorySwap ?? 0)), ("PidsLimit", .int(resources.pids ?? 0)),
      ("Init", .bool(config.lifecycle.initProcess)),
      ("Ulimits", .strings(resources.ulimits)),
    ])
  }
}

/// `inspect` for containers.
enum ContainerInspectCommand {
  struct Options: Sendable {
    var format: String?
    var latest = false
  }

  static let command = Command<GlobalOptions>(
    "inspect", summary: "Show everything about containers",
    usage: "[options] CONTAINER [CONTAINER...]", positionals: .atLeast(0, .container),
    defaults: Options(),
    options: [
      .value("format", "f", \.format, "FORMAT", "json or a Go template"),
      .flag("latest", "l", \.latest, "The container that was created last"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var words = invocation.arguments
    if options.latest { words += try ListContainers(context).run().prefix(1).map(\.id) }
    try PositionalRule.atLeast(1).check(words.count, for: invocation.path)
    return try Inspection.show(words, options.format) { word in
      try ContainerInspection.find(word, context)
    }
  }
}

extension ContainerInspection {
  /// Nil when there is no such container.
  static func find(_ word: String, _ context: EngineContext) throws -> TemplateValue? {
    let store = ContainerStore(context)
    guard let id = try store.find(word) else { return nil }
    return try value(try store.load(id), try StatusReader(store).condition(id), context)
  }
}

/// What `inspect` commands print: a JSON array, or one rendered template each.
enum Inspection {
  static func show(
    _ words: [String], _ format: String?, _ find: (String) throws -> TemplateValue?
  ) throws -> Int32 {
    var values: [TemplateValue] = []
    var status: Int32 = 0
    for word in words {
      if let value = try find(word) {
        values.append(value)
      } else {
        status = 125
        _ = CommandFailure.end(
          ErrorReport(.notFound, "no such object: \"\(word)\""))
      }
    }
    guard let format, format != "json" else {
      try Output.line(TemplateValue.list(values).json(pretty: true))
      return status
    }
    let template = try OutputFormat(format)
    for value in values { try Output.write(try template.render([value])) }
    return status
  }
}
