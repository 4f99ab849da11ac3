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
      ("OCIRuntime", .string(runtime(config, context))),
      ("ConmonPidFile", .string("\(store.liveDirectory(config.id))/monitor.pid")),
      ("PidFile", .string("\(store.liveDirectory(config.id))/pidfile")),
      ("Name", .string(config.name)), ("RestartCount", .int(Int64(condition.restarts))),
      ("Driver", .string(config.isWholeCopy ? "vfs" : "overlay")),
      ("MountLabel", .string("")), ("ProcessLabel", .string("")), ("AppArmorProfile", .string("")),
      ("EffectiveCaps", .strings(ContainerCapabilities.effective(config))),
      ("BoundingCaps", capabilities(config)),
      ("ExecIDs", .list(ExecSessions(config.id, context).list().sorted().map { .string($0) })),
      ("GraphDriver", graphDriver(config, context)),
      ("Mounts", .list(config.mounts.filter { $0.kind != .device }.map { mount($0, context) })),
      ("Dependencies", .strings(config.dependencies)), ("NetworkSettings", network(config, status)),
      ("Namespace", .string("")),
      ("IsInfra", .bool(false)), ("IsService", .bool(false)), ("Config", configuration(config)),
      ("HostConfig", HostInspection.value(config, logPath: logPath(config, directory))),
      ("UseImageHosts", .bool(config.network.noHosts)),
      ("UseImageHostname", .bool(config.network.noHostname)),
    ])
  }

  private static func graphDriver(_ config: ContainerConfig, _ context: EngineContext)
    -> TemplateValue
  {
    if config.isWholeCopy { return .object([("Name", .string("vfs")), ("Data", .null)]) }
    let store = ContainerStore(context)
    let directory = store.directory(config.id)
    return .object([
      ("Name", .string("overlay")),
      (
        "Data",
        .object([
          ("LowerDir", .string(lowerDirectories(config, context))),
          ("MergedDir", .string(store.mountPoint)), ("UpperDir", .string("\(directory)/upper")),
          ("WorkDir", .string("\(directory)/work")),
        ])
      ),
    ])
  }

  private static func lowerDirectories(_ config: ContainerConfig, _ context: EngineContext)
    -> String
  {
    guard let image = config.image else { return "" }
    let layers = "\(context.dataRoot)/layers"
    if let mapped = image.mapped { return "\(layers)/\(mapped)" }
    return image.layers.reversed().map { "\(layers)/\($0)/diff" }.joined(separator: ":")
  }

  /// A runtime by its name where that finds it, else by its path.
  private static func runtime(_ config: ContainerConfig, _ context: EngineContext) -> String {
    guard let path = config.lifecycle.runtime else { return "martlet-oci" }
    let name = lastPart(path)
    return (try? context.runtimePath(name)) == path ? name : path
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
    let store = ContainerStore(context)
    let monitor = store.monitorPID(config.id)
    let stoppedByUser = try StatusReader(store).condition(config.id).stoppedByUser
    let health = HealthInspection.state(try CheckHealth(context).read(config))
    let fields: [(String, TemplateValue)] = [
      ("OciVersion", .string("1.2.0")), ("Status", .string(status.word)),
      ("Running", .bool({ if case .running = status { true } else { false } }())),
      ("Paused", .bool({ if case .paused = status { true } else { false } }())),
      ("Restarting", .bool(status == .restarting)), ("OOMKilled", .bool(outOfMemory)),
      ("StoppedByUser", .bool(stoppedByUser)), ("Dead", .bool(false)),
      ("Pid", .int(Int64(status.pid ?? 0))),
      ("ConmonPid", .int(Int64(monitor ?? 0))), ("ExitCode", .int(Int64(status.exitCode))),
      ("Error", .string("")), ("StartedAt", .string(started)), ("FinishedAt", .string(finished)),
      ("Health", health), ("CgroupPath", .string(cgroupPath(status))),
      ("CheckpointedAt", .string(never)), ("RestoredAt", .string(never)),
    ]
    // Podman's templates know both names.
    return .object(TemplateObject(fields, methods: [("Healthcheck", { _ in health })]))
  }

  /// The control group that the container's first process is in.
  private static func cgroupPath(_ status: ContainerStatus) -> String {
    guard let pid = status.pid, let text = try? FileTree.readText("/proc/\(pid)/cgroup"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return "" }
    return String(line.dropFirst(3))
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

  /// `{"80/tcp":[{"HostIp":…,"HostPort":…}]}`, and null for what is only exposed.
  static func ports(_ config: ContainerConfig) -> TemplateValue {
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
    return .map(ports)
  }

  private static func network(_ config: ContainerConfig, _ status: ContainerStatus)
    -> TemplateValue
  {
    var all = ports(config)
    if case .map(let published) = all {
      let known = Set(published.map(\.0))
      all = .map(
        published + config.network.exposed.filter { !known.contains($0) }.map { ($0, .null) })
    }
    let space = status.pid.map { "/proc/\($0)/ns/net" } ?? ""
    let names = NetworkInspection.names(config.network.mode)
    return .object([
      ("EndpointID", .string("")), ("Gateway", .string("")), ("IPAddress", .string("")),
      ("IPPrefixLen", .int(0)), ("IPv6Gateway", .string("")), ("GlobalIPv6Address", .string("")),
      ("GlobalIPv6PrefixLen", .int(0)), ("MacAddress", .string("")), ("Bridge", .string("")),
      ("SandboxID", .string("")), ("HairpinMode", .bool(false)),
      ("LinkLocalIPv6Address", .string("")), ("LinkLocalIPv6PrefixLen", .int(0)),
      ("Ports", all), ("SandboxKey", .string(space)),
      ("Networks", .map(names.map { ($0, NetworkInspection.endpoint($0)) })),
    ])
  }

  private static func configuration(_ config: ContainerConfig) -> TemplateValue {
    let process = config.process
    let health = HealthInspection.configuration(config)
    let names = Set(health.map(\.0))
    let missing = ["Healthcheck", "StartupHealthCheck"].filter { !names.contains($0) }
    return .object(
      TemplateObject(
        [
          ("Hostname", .string(config.hostname ?? "")),
          ("Domainname", .string(config.domainname ?? "")),
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
          ("Passwd", .bool(!config.accounts.areLeftAlone)),
          (
            "ExposedPorts", .map(config.network.exposed.map { ($0, .object([])) })
          ),
        ] + health, methods: missing.map { ($0, { _ in .null }) }))
  }

  private static func logPath(_ config: ContainerConfig, _ directory: String) -> String {
    switch config.lifecycle.logDriver {
    case "k8s-file", "json-file": config.lifecycle.logPath ?? "\(directory)/ctr.log"
    default: config.lifecycle.logPath ?? ""
    }
  }

  /// A map of texts, by key.
  static func texts(_ values: [String: String]) -> TemplateValue {
    .map(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }
}

/// `inspect` for containers.
enum ContainerInspectCommand {
  struct Options: Sendable {
    var format: String?
    var latest = false
    var size = false
  }

  static let command = Command<GlobalOptions>(
    "inspect", summary: "Show everything about containers",
    usage: "[options] CONTAINER [CONTAINER...]", positionals: .atLeast(0, .container),
    defaults: Options(),
    options: [
      .value("format", "f", \.format, "FORMAT", "json or a Go template"),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("size", "s", \.size, "Show how much disk space the container takes"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var words = invocation.arguments
    if options.latest { words += try ListContainers(context).run().prefix(1).map(\.id) }
    try PositionalRule.atLeast(1).check(words.count, for: invocation.path)
    return try Inspection.show(words, options.format) { word in
      try ContainerInspection.find(word, context, sized: options.size)
    }
  }
}

extension ContainerInspection {
  /// Nil when there is no such container.
  static func find(_ word: String, _ context: EngineContext, sized: Bool = false) throws
    -> TemplateValue?
  {
    let store = ContainerStore(context)
    guard let id = try store.find(word) else { return nil }
    let config = try store.load(id)
    let found = try value(config, try StatusReader(store).condition(id), context)
    guard sized, case .object(var object) = found else { return found }
    let sizes = ContainerSize(context)
    let written = sizes.written(id)
    let below = sizes.image(id: config.image?.id) ?? 0
    object.fields += [("SizeRw", .int(written)), ("SizeRootFs", .int(written + below))]
    return .object(object)
  }
}

/// What `inspect` commands print: a JSON array, or one rendered template each.
enum Inspection {
  static func show(
    _ words: [String], _ format: String?, _ find: (String) throws -> TemplateValue?
  ) throws -> Int32 {
    var values: [TemplateValue] = []
    var missing: [String] = []
    // What was not found is told after what was.
    defer {
      for word in missing {
        _ = CommandFailure.end(ErrorReport(.notFound, "no such object: \"\(word)\""))
      }
    }
    for word in words {
      if let value = try find(word) {
        values.append(value)
      } else {
        missing.append(word)
      }
    }
    let status: Int32 = missing.isEmpty ? 0 : 125
    guard let format, format != "json" else {
      try Output.line(TemplateValue.list(values).json(pretty: true))
      return status
    }
    let template = try OutputFormat(format)
    for value in values { try Output.write(try template.render([value])) }
    return status
  }
}

/// The networks of a container's `NetworkSettings`.
enum NetworkInspection {
  /// By what podman calls them; a joined namespace has none of its own.
  static func names(_ mode: String) -> [String] {
    let word = mode.prefix { $0 != ":" }
    switch word {
    case "": return ["pasta"]
    case "container", "ns": return []
    default: return [String(word)]
    }
  }

  static func endpoint(_ name: String) -> TemplateValue {
    .object([
      ("EndpointID", .string("")), ("Gateway", .string("")), ("IPAddress", .string("")),
      ("IPPrefixLen", .int(0)), ("IPv6Gateway", .string("")), ("GlobalIPv6Address", .string("")),
      ("GlobalIPv6PrefixLen", .int(0)), ("MacAddress", .string("")), ("NetworkID", .string(name)),
      ("DriverOpts", .null), ("IPAMConfig", .null), ("Links", .null),
    ])
  }
}
