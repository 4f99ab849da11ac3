import ImageStore
import LayerStorage
import LinuxSystem
import Model
import Networking
import OCISpec
import StateStore
import UserNamespaces

/// Decides everything about a new container and writes it down.
public struct CreateContainer {
  let context: EngineContext
  let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// - Returns: the new container, on disk but not started.
  public func run(
    _ request: ContainerRequest, starts: Bool = false,
    events: (TransferEvent) -> Void = { _ in }
  ) throws -> ContainerConfig {
    var config = ContainerConfig()
    config.created = Clock.realtime()
    config.createCommand = context.commandLine
    let random = try CurrentProcess.randomBytes(35)
    config.id = RandomName.hexadecimal(Array(random[..<32]))
    // Nobody may collect the layers before the container's own record names them.
    let lease = try Lease(context.imageStore, layers: request.image?.layers ?? [])
    if let image = request.image { try ImageLayers(context).ensure(image, events: events) }
    let reservation = try fillUserns(&config, request)
    try fillImage(&config, request, events)
    try fillProcess(&config, request)
    config.labels = try labels(request)
    config.annotations = try KeyValues.parse(request.annotations, what: "annotation")
    if request.groups.contains("keep-groups") {
      guard request.groups == ["keep-groups"] else {
        throw ErrorReport(
          .invalidRequest,
          "the '--group-add keep-groups' option is not allowed with any other --group-add options")
      }
      config.annotations[ContainerConfig.keepsGroupsKey] = "1"
    }
    try fillMounts(&config, request)
    let mounted = try ImageLayers(context).lease(mounts: config.mounts)
    let secrets = SecretStore(context)
    config.secrets = try request.secrets.map { try ContainerSecret.parse($0, secrets) }
    config.readOnly = request.readOnly
    config.hasNoTmpfs = !request.readOnlyTmpfs
    config.accounts = try accounts(request)
    config.domainname = request.domainname
    config.network = try network(request)
    try fillNamespaces(&config, request)
    config.resources = try resources(request)
    config.security = try SecurityOptions.resolve(request)
    config.health = try request.health.resolve(image: request.image?.healthcheck)
    config.isHealthOff = request.health.isOff
    try fillLifecycle(&config, request)
    let wanted = request.name.flatMap { $0.isEmpty ? nil : ContainerName.bare($0) }
    if let name = wanted {
      guard ContainerName.isValid(name) else { throw EngineError.invalidName(name) }
      config.name = name
      if request.replace, let old = try store.holder(ofName: name) {
        try RemoveContainer(context).run(old, force: true, volumes: false)
      }
    }
    try Dependents(store).note(config)
    try add(
      &config, chooseName: wanted == nil, starts: starts, seed: Array(random[32...]), events)
    // After the container: nobody then takes them for unused.
    try VolumeStore(context).ensure(config)
    if let path = request.cidFile { try writeIDFile(path, config) }
    _ = consume lease
    _ = consume mounted
    withExtendedLifetime(reservation) {}
    context.note("create", config)
    return config
  }

  private func fillMounts(_ config: inout ContainerConfig, _ request: ContainerRequest) throws {
    let devices = try DeviceRequests(request).resolve()
    config.mounts =
      try MountRequests(request, image: request.image, context: context).resolve() + devices.mounts
    for variable in devices.environment {
      let name = variable.prefix { $0 != "=" }
      if !config.process.environment.contains(where: { $0.hasPrefix("\(name)=") }) {
        config.process.environment.append(variable)
      }
    }
    config.process.groups += devices.groups
    guard request.deviceRules.isEmpty else {
      throw ErrorReport(
        .invalidRequest,
        "device cgroup rules are not supported in rootless mode or in a user namespace")
    }
  }

  private func add(
    _ config: inout ContainerConfig, chooseName: Bool, starts: Bool, seed: [UInt8],
    _ events: (TransferEvent) -> Void
  ) throws {
    guard chooseName else { return try store.add(config, starts: starts, events: events) }
    var seed = seed
    for attempt in 0..<50 {
      config.name = ContainerName.random(seed)
      if attempt > 3 { config.name += "\(seed[0])\(attempt)" }
      do {
        return try store.add(config, starts: starts, events: events)
      } catch EngineError.nameInUse where attempt < 49 {
        seed = try CurrentProcess.randomBytes(3)
      }
    }
  }

  private func writeIDFile(_ path: String, _ config: ContainerConfig) throws {
    do throws(SystemError) {
      let file = try OwnedDescriptor.open(path, [.writeOnly, .create, .exclusive], mode: 0o644)
      try Descriptor.writeAll(file.raw, config.id)
    } catch {
      try store.unlist(config.id, name: config.name)
      throw error.errno == Errno.exists
        ? ErrorReport(
          .conflict, "container id file \(path) exists already",
          hint: "remove it if its container is gone")
        : ErrorReport(.unavailable, "container id file \(path): \(error.reason)")
    }
  }

  private func fillImage(
    _ config: inout ContainerConfig, _ request: ContainerRequest,
    _ events: (TransferEvent) -> Void
  ) throws {
    if var rootfs = request.rootfs {
      if rootfs.hasSuffix(":O") {
        rootfs.removeLast(2)
        config.keepsRootfs = true
      } else if rootfs.hasSuffix(":idmap") {
        throw ErrorReport(.invalidRequest, "the option idmap of --rootfs is not supported")
      }
      do throws(SystemError) { config.rootfs = try FileTree.resolve(rootfs) } catch {
        throw ErrorReport(.notFound, "root filesystem \(rootfs): \(error.reason)")
      }
      return
    }
    guard let image = request.image else { return }
    var use = ImageUse()
    use.id = image.id.hex
    use.name = request.imageName
    use.digest = "\(image.manifest)"
    use.layers = image.layers.map(\.hex)
    let choice = config.namespaces.userns
    let mapping = try context.idMapping()
    let driver = try StorageChoice(context).forNewContainer()
    config.storage = driver?.rawValue
    if choice.translatesOwners, driver?.stacksLayers ?? true,
      let nested = try choice.nested(in: mapping, uid: context.uid, gid: context.gid)
    {
      use.mapped = try MappedLayer(context).ensure(image, nested, events: events)
    }
    config.image = use
  }

  private func fillProcess(_ config: inout ContainerConfig, _ request: ContainerRequest) throws {
    let image = request.image?.execution
    var process = ContainerProcess()
    process.entrypoint = request.entrypoint ?? image?.entrypoint ?? []
    // A command line of its own replaces the image's; so does another entrypoint.
    process.command =
      request.command.isEmpty && request.entrypoint == nil ? image?.command ?? [] : request.command
    guard !process.arguments.isEmpty else {
      throw ErrorReport(
        .invalidRequest,
        "no command specified on command line or as CMD or ENTRYPOINT in this image")
    }
    process.unsetEnvironment =
      request.unsetAllEnvironment ? ["*"] : request.unsetEnvironment
    if let zone = request.timeZone {
      try TimeZoneFile.check(zone)
      process.timeZone = zone
    }
    process.user = request.user ?? image?.user ?? ""
    process.workingDirectory = try workingDirectory(
      request.workingDirectory ?? image?.workingDirectory ?? "/")
    process.terminal = request.terminal
    process.interactive = request.interactive
    process.groups = request.groups
    if let umask = request.umask {
      guard let value = UInt32(umask, radix: 8), value <= 0o777 else {
        throw ErrorReport(
          .invalidRequest, "invalid umask \"\(umask)\": write up to four octal digits")
      }
      process.umask = umask
    }
    config.process = process
    config.process.environment = try EnvironmentMerge.create(
      image?.environment ?? [], request, config)
    let hostname =
      request.hostname
      ?? (request.uts == "host" || request.network == "host"
        ? (try? FileTree.readText("/proc/sys/kernel/hostname"))?.filter { $0 != "\n" } : nil)
    config.hostname = hostname ?? String(config.id.prefix(12))
    if let text = request.hostname {
      guard !text.isEmpty, text.utf8.count <= 64,
        text.allSatisfy({
          $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_")
        })
      else { throw ErrorReport(.invalidRequest, "invalid hostname \"\(text)\"") }
    }
  }

  /// The monitor works in another directory.
  private func absolutePath(_ path: String) throws(SystemError) -> String {
    path.hasPrefix("/") ? path : "\(try CurrentProcess.workingDirectory())/\(path)"
  }

  private func workingDirectory(_ text: String) throws(ErrorReport) -> String {
    if text.isEmpty { return "/" }
    guard text.hasPrefix("/") else {
      throw ErrorReport(
        .invalidRequest, "working directory \"\(text)\" must be an absolute path")
    }
    return text
  }

  private func labels(_ request: ContainerRequest) throws -> [String: String] {
    var labels = request.image?.execution.labels ?? [:]
    for path in request.labelFiles {
      let lines = try EnvironmentMerge.lines(of: path, what: "label file")
      labels.merge(try KeyValues.parse(lines, what: "label")) { $1 }
    }
    labels.merge(try KeyValues.parse(request.labels, what: "label")) { $1 }
    return labels
  }

  private func network(_ request: ContainerRequest) throws -> ContainerNetwork {
    var network = ContainerNetwork()
    network.mode = request.network ?? ""
    network.exposed = try ExposedPorts.parse(
      (request.image?.execution.exposedPorts ?? []) + request.exposed)
    network.publishesAll = request.publishAll
    let published = try PortAllocation.resolve(request.ports).map(\.description)
    let all =
      request.publishAll ? ExposedPorts.toPublish(network.exposed, besides: published) : []
    network.ports = try NetworkSetup.resolvePorts(published + all, mode: network.mode)
    network.dns = request.dns
    network.dnsSearch = request.dnsSearch
    network.dnsOptions = request.dnsOptions
    network.hosts = request.hosts
    network.noHosts = request.noHosts
    network.noHostname = request.noHostname
    network.hostsFile = request.hostsFile
    if request.noHosts, !request.hosts.isEmpty {
      throw ErrorReport(.invalidRequest, "--no-hosts and --add-host cannot be set together")
    }
    if request.noHosts, request.hostsFile != nil {
      throw ErrorReport(.invalidRequest, "--no-hosts and --hosts-file cannot be used together")
    }
    if let file = request.hostsFile, file.hasPrefix("/"), !FileTree.exists(file) {
      throw ErrorReport(.notFound, "hosts file \(file) does not exist")
    }
    for text in request.dns + request.dnsSearch + request.dnsOptions + request.hosts {
      guard !text.contains(where: \.isNewline) else {
        throw ErrorReport(.invalidRequest, "a network option holds a line break")
      }
    }
    for entry in request.hosts where !entry.contains(":") {
      throw ErrorReport(
        .invalidRequest, "invalid --add-host \"\(entry)\"", hint: "write NAME:ADDRESS")
    }
    try NetworkSetup(network, context: context).validate()
    network.mode = try store.joinedMode(network.mode) { $0.network.mode }
    return network
  }

  private func resources(_ request: ContainerRequest) throws -> ContainerResources {
    var resources = ContainerResources()
    resources.memory = request.memory
    resources.memorySwap = request.memorySwap
    resources.memoryReservation = request.memoryReservation
    if let memory = request.memory, (1..<6 << 20).contains(memory) {
      throw ErrorReport(.invalidRequest, "minimum memory limit allowed is 6MB")
    }
    resources.cpuQuota = request.milliCPUs.map { $0 * 100 } ?? request.cpuQuota
    resources.cpuPeriod =
      request.milliCPUs == nil
      ? request.cpuPeriod ?? (request.cpuQuota == nil ? nil : 100_000) : 100_000
    if request.milliCPUs != nil, request.cpuQuota != nil || request.cpuPeriod != nil {
      let other = request.cpuPeriod == nil ? "quota" : "period"
      throw ErrorReport(.invalidRequest, "--cpu-\(other) and --cpus cannot be set together")
    }
    resources.cpuShares = request.cpuShares
    resources.cpusetCPUs = request.cpusetCPUs
    resources.cpusetMems = request.cpusetMems
    resources.cpuRealtimePeriod = request.cpuRealtimePeriod
    resources.cpuRealtimeRuntime = request.cpuRealtimeRuntime
    resources.blockWeight = request.blockWeight == 0 ? nil : request.blockWeight
    resources.memorySwappiness = request.memorySwappiness
    resources.oomKillDisable = request.oomKillDisable
    if request.cgroups == "split" {
      throw ErrorReport(.invalidRequest, "--cgroups split is not supported")
    }
    if request.cgroups == "disabled" { resources.cgroups = "disabled" }
    resources.cgroupParent = request.cgroupParent
    resources.pids = request.pids
    _ = try Ulimits.resolve(request.ulimits)
    resources.ulimits = request.ulimits
    if let size = request.sharedMemory { resources.sharedMemory = size }
    resources.oomScoreAdjustment = request.oomScoreAdjustment
    return resources
  }

  private func accounts(_ request: ContainerRequest) throws(ErrorReport) -> ContainerAccounts {
    var accounts = request.accounts
    accounts.areLeftAlone = !request.addsAccounts
    for name in accounts.hostUsers where AccountFiles.hostLine("/etc/passwd", name) == nil {
      // Podman's status for it: no command can run as somebody who does not exist.
      throw ErrorReport(.commandNotExecutable, "user \(name) does not exist on the host")
    }
    return accounts
  }

  private func fillLifecycle(_ config: inout ContainerConfig, _ request: ContainerRequest)
    throws
  {
    var lifecycle = ContainerLifecycle()
    lifecycle.isSystemd = SystemdMode.isWanted(
      request.systemd, command: config.process.arguments)
    if lifecycle.isSystemd {
      lifecycle.stopSignal = SystemdMode.stopSignal
      config.process.environment.append("container_uuid=\(config.id.prefix(32))")
    }
    lifecycle.requires = try request.requires.map { try store.resolve($0) }
    lifecycle.pidFile = try request.pidFile.map(absolutePath)
    lifecycle.monitorPidFile = try request.monitorPidFile.map(absolutePath)
    if let path = request.initPath {
      guard FileTree.isExecutable(path) else {
        throw ErrorReport(.notFound, "init program \(path) is not an executable file")
      }
      lifecycle.initPath = try absolutePath(path)
    }
    if let text = request.stopSignal ?? request.image?.execution.stopSignal {
      guard let number = SignalNumber.parse(text) else {
        throw ErrorReport(.invalidRequest, "invalid signal: \(text)")
      }
      lifecycle.stopSignal = number
    }
    if let timeout = request.stopTimeout { lifecycle.stopTimeout = timeout }
    guard RestartPolicy(request.restart) != nil else {
      throw ErrorReport(
        .invalidRequest, "invalid restart policy \"\(request.restart)\"",
        hint: "use no, on-failure[:N], always or unless-stopped")
    }
    if request.autoRemove, request.restart != "no" {
      throw ErrorReport(.invalidRequest, "--rm and --restart cannot be used together")
    }
    lifecycle.restart = request.restart
    if let timeout = request.timeout, timeout < 0 {
      throw ErrorReport(.invalidRequest, "invalid --timeout \(timeout): it is a number of seconds")
    }
    lifecycle.timeout = request.timeout.flatMap { $0 == 0 ? nil : $0 }
    try NotifySetup.validate(request.sdnotify, config)
    lifecycle.sdnotify = request.sdnotify
    if request.sdnotify != "ignore" {
      lifecycle.notifySocket = CurrentProcess.environment("NOTIFY_SOCKET")
    }
    lifecycle.autoRemove = request.autoRemove
    lifecycle.removesImage = request.removesImage
    lifecycle.initProcess = request.initProcess || request.initPath != nil
    lifecycle.cidFile = request.cidFile
    lifecycle.runtime = try context.runtimePath(request.runtime)
    try LogOptions.apply(request.logDriver, request.logOptions, to: &lifecycle)
    config.lifecycle = lifecycle
  }
}
