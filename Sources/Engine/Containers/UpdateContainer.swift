import LinuxSystem
import Model
import OCISpec

/// What `update` changes; nil stays as it is.
public struct ContainerChanges: Sendable {
  public var memory: Int64?
  public var memorySwap: Int64?
  public var memoryReservation: Int64?
  /// Thousandths of a CPU.
  public var milliCPUs: Int64?
  public var cpuShares: UInt64?
  public var cpuQuota: Int64?
  public var cpuPeriod: UInt64?
  public var cpusetCPUs: String?
  public var cpusetMems: String?
  public var blockWeight: Int64?
  public var pids: Int64?
  public var restart: String?
  public var environment: [String] = []
  public var unsetEnvironment: [String] = []
  public var health = HealthRequest()

  public init() {}
}

/// Changes a container's limits, at once if it runs, and what it is started with next time.
public struct UpdateContainer {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// Has every container that does not run started by another OCI runtime from now on.
  ///
  /// - Returns: the names of those that run.
  public func setRuntime(_ name: String) throws -> [String] {
    let runtime = try context.runtimePath(name)
    var running: [String] = []
    for id in try store.ids() {
      let status = try StatusReader(store).read(id)
      guard status.isIdle else {
        running.append(try store.load(id).name)
        continue
      }
      do { try store.change(id) { $0.lifecycle.runtime = runtime } } catch EngineError
        .noSuchContainer
      { continue }
    }
    return running.sorted()
  }

  /// - Throws: when it runs and its limits cannot be changed; nothing is then.
  public func run(_ id: String, _ changes: ContainerChanges) throws {
    if let memory = changes.memory, memory < 6 << 20 {
      throw ErrorReport(.invalidRequest, "minimum memory limit allowed is 6MB")
    }
    if changes.milliCPUs != nil, changes.cpuQuota != nil || changes.cpuPeriod != nil {
      throw ErrorReport(
        .invalidRequest, "--cpus cannot be used together with --cpu-quota or --cpu-period")
    }
    if let text = changes.restart, RestartPolicy(text) == nil {
      throw ErrorReport(
        .invalidRequest, "invalid restart policy \"\(text)\"",
        hint: "use no, on-failure[:N], always or unless-stopped")
    }
    let current = try store.load(id)
    _ = try changes.health.changed(current.health)
    if changes.restart != nil, changes.restart != "no", current.lifecycle.autoRemove {
      throw ErrorReport(.invalidRequest, "--rm and --restart cannot be used together")
    }
    let status = try StatusReader(store).read(id)
    if let pid = status.pid {
      let resources = Self.resources(changes)
      if resources != RuntimeResources() {
        try RuntimeCall(context).run(
          current, pid: pid, ["update", "--resources", "-"],
          input: String(decoding: resources.encoded(), as: UTF8.self))
      }
    }
    let changed = try store.change(id) { config in
      try Self.apply(changes, to: &config)
      config.health = try changes.health.changed(config.health)
      if changes.health != HealthRequest() { config.isHealthOff = config.health == nil }
    }
    if let policy = changes.restart.flatMap({ RestartPolicy($0) }),
      let monitor = try MonitorSocket.connect(store.liveDirectory(id))
    {
      try monitor.send(.restartPolicy(policy))
    }
    if changes.health != HealthRequest() { try HealthChange(context).tell(changed) }
    context.note("update", changed)
  }

  private static func resources(_ changes: ContainerChanges) -> RuntimeResources {
    var resources = RuntimeResources()
    var memory = RuntimeMemory()
    memory.limit = changes.memory
    memory.swap = changes.memorySwap
    memory.reservation = changes.memoryReservation
    if memory != RuntimeMemory() { resources.memory = memory }
    var cpu = RuntimeCPU()
    cpu.quota = changes.milliCPUs.map { $0 * 100 } ?? changes.cpuQuota
    cpu.period = changes.milliCPUs == nil ? changes.cpuPeriod : 100_000
    cpu.shares = changes.cpuShares
    cpu.cpus = changes.cpusetCPUs
    cpu.mems = changes.cpusetMems
    if cpu != RuntimeCPU() { resources.cpu = cpu }
    if let limit = changes.pids { resources.pids = RuntimePids(limit: limit) }
    if let weight = changes.blockWeight {
      var block = RuntimeBlockIO()
      block.weight = UInt16(clamping: weight)
      resources.blockIO = block
    }
    return resources
  }

  static func apply(_ changes: ContainerChanges, to config: inout ContainerConfig) throws {
    func set<Value>(_ value: Value?, _ field: inout Value?) { if let value { field = value } }
    set(changes.memory, &config.resources.memory)
    set(changes.memorySwap, &config.resources.memorySwap)
    set(changes.memoryReservation, &config.resources.memoryReservation)
    set(changes.milliCPUs.map { $0 * 100 } ?? changes.cpuQuota, &config.resources.cpuQuota)
    set(changes.milliCPUs == nil ? changes.cpuPeriod : 100_000, &config.resources.cpuPeriod)
    set(changes.cpuShares, &config.resources.cpuShares)
    set(changes.cpusetCPUs, &config.resources.cpusetCPUs)
    set(changes.cpusetMems, &config.resources.cpusetMems)
    set(changes.blockWeight, &config.resources.blockWeight)
    set(changes.pids, &config.resources.pids)
    if let restart = changes.restart { config.lifecycle.restart = restart }
    let unset = Set(changes.unsetEnvironment)
    config.process.environment.removeAll { unset.contains(String($0.prefix { $0 != "=" })) }
    var request = ContainerRequest()
    request.environment = changes.environment
    config.process.environment = try EnvironmentMerge.merge(config.process.environment, request)
  }
}
