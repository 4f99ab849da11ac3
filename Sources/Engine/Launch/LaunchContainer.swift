import Diagnostics
import LinuxSystem
import Model
import OCISpec
import StateStore
import UserNamespaces

/// Starts a container under a monitor of its own.
struct LaunchContainer {
  let context: EngineContext
  let store: ContainerStore
  let config: ContainerConfig
  /// What the caller wants to be connected with from the first byte.
  var attached: AttachStreams = []
  var windowSize: WindowSize?
  /// Descriptors 3 and up of the caller that its process inherits.
  var preservedDescriptors = 0
  /// False only sets it up: a `start` follows.
  var startsNow = true

  /// The connection to the monitor, as soon as it exists; frames tell how far it got.
  func run() throws -> MonitorConnection {
    let id = config.id
    let directory = store.directory(id)
    let live = store.liveDirectory(id)
    let kept = context.takeKeptLock(of: id)
    let isOurs = kept != nil
    if !isOurs {
      let status = try StatusReader(store).read(id)
      if status.isAlive || status == .initialized { throw EngineError.alreadyRunning(config.name) }
    }
    try refuseTerminal()
    let plan = try JoinedNamespaces(context: context, config: config).userPlan()
    context.prepareNamespace(plan, neededSoon: true)
    try MappedLayer(context).renew(config)
    let lock: FileLock
    if let kept {
      lock = kept
    } else if let taken = try waitForMonitor() {
      lock = taken
    } else {
      throw EngineError.alreadyRunning(config.name)
    }
    try ContainerFiles.waitUntilFree(directory)
    try MountHolder.refuse(directory, name: config.name)
    // A start writes into the lock before there is anything that the runtime could know.
    if try FileStatus.of(descriptor: lock.descriptor).size > 0 {
      try RuntimeState(context).forget(config)
    }
    try FileTree.removeTree(live)
    try FileTree.ensureDirectory(live)
    var started = LineRecord()
    started["started"] = "\(Clock.realtime())"
    started["boot-id"] = BootID.current
    try Descriptor.writeAll(lock.descriptor, started.text)
    try FileTree.unlinkIfPresent("\(directory)/exit")
    try FileTree.unlinkIfPresent("\(directory)/health")
    let runtime = try RuntimeProgram(config.lifecycle.runtime, context)
    let order = try makeOrder(live: live, runtime: runtime)
    let sockets = try SocketPair.stream()
    var mapping: IDMapping?
    if case .map(let map) = plan { mapping = map }
    if case .mapDirectly(let map) = plan { mapping = map }
    if case .join(_, let map) = plan { mapping = map }
    let stage = ContainerStage(
      context: context, config: config, store: store, order: order, runtime: runtime,
      mapping: mapping, sync: sockets.second.raw, lock: lock.descriptor,
      passesStandardStreams: order.log.driver.passesStreams)
    _ = CurrentProcess.setUmask(0o022)
    var space = context.userNamespace(plan)
    space.keepsGroups = config.keepsGroups
    space.lendsMemory = isShort && BegunRun.isPossible(order, runtime) && context.lendMemory()
    let child = try space.spawn { stage.run() }
    context.releaseNamespace()
    context.log.debug("monitor started", ["container": id, "pid": "\(child.pid)"])
    return MonitorConnection(socket: sockets.takeFirst(), monitor: child)
  }

  /// The previous monitor may still be tidying up after an exit that is already on record.
  ///
  /// It may also be a new one, of a command that was faster: nil when that has started the container.
  private func waitForMonitor() throws -> FileLock? {
    for attempt in 0..<1_000 {
      if let lock = try store.takeMonitorLock(config.id) { return lock }
      if attempt > 20 {
        let status = try StatusReader(store).read(config.id)
        if status.isAlive || status == .restarting { return nil }
      }
      try Clock.pause(milliseconds: 10)
    }
    throw ErrorReport(
      .conflict, "container \(config.name) is being started or stopped by another command",
      hint: "martlet rm -f \(config.name), if that command hangs")
  }

  private func makeOrder(live: String, runtime: RuntimeProgram) throws -> MonitorOrder {
    let lifecycle = config.lifecycle
    let directory = store.directory(config.id)
    var order = MonitorOrder(
      id: config.id, runtime: runtime.path, bundle: "\(live)/bundle",
      runDirectory: live)
    order.name = config.name
    order.runtimeArguments = context.runtimeArguments
    order.runtimeIsLinked = runtime.isLinked
    // A container that goes when it ends needs no record of its end that survives a reboot.
    if !lifecycle.autoRemove { order.exitRecord = "\(directory)/exit" }
    order.log = try LogOptions.order(config, directory: directory)
    order.terminal = config.process.terminal
    order.keepsStandardInput = config.process.interactive
    // Who leaves a terminal's session, or loses it, comes back to it.
    order.standardInputOnce =
      config.process.interactive && !config.process.terminal && attached.contains(.standardInput)
    order.attached = attached
    order.windowSize = windowSize
    order.startsNow = startsNow
    order.stopSignal = lifecycle.stopSignal
    order.stopTimeout = Int64(lifecycle.stopTimeout)
    order.restart = RestartPolicy(lifecycle.restart) ?? .never
    order.health = config.health?.order(id: config.id, directory: directory)
    order.timeout = lifecycle.timeout.map { Int64($0) }
    order.notify = try NotifySetup.order(lifecycle, live: live)
    order.allowedUsers = []
    order.pidFile = lifecycle.pidFile
    order.monitorPidFile = lifecycle.monitorPidFile
    order.preservedDescriptors = preservedDescriptors
    if let place = context.eventPlace {
      order.notes = MonitorOrder.Notes(
        directory: place, image: config.image?.name ?? config.rootfs ?? "",
        labels: config.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
    }
    if lifecycle.autoRemove {
      order.afterExit =
        ["\(context.programs)/martlet"] + context.eventArguments
        + ["__cleanup", config.id]
      if isRemovedByMonitor(runtime) {
        order.removal = RemovalOrder(
          directory: directory, trash: store.trash(config.id), names: context.names,
          mountPoint: store.mountPoint)
      }
    }
    return order
  }

  /// Whether nobody can want anything of us before the container's monitor runs, some milliseconds from
  /// now: no signal is passed on, no terminal is held, nothing has to be copied, and there is nothing that
  /// a kill of the stage would oblige us to remove.
  var isShort: Bool {
    attached.isEmpty && !config.lifecycle.autoRemove && config.mounts.isEmpty
  }

  /// Whether a container that goes when it ends has nothing but what its monitor can remove.
  ///
  /// Of other runtimes it is not known what they leave.
  private func isRemovedByMonitor(_ runtime: RuntimeProgram) -> Bool {
    runtime.isLinked && config.lifecycle.cidFile == nil && !config.lifecycle.removesImage
      && !config.mounts.contains { $0.kind == .volume && $0.anonymous }
  }

  /// A container that has our terminal itself could not be told from us there.
  private func refuseTerminal() throws(ErrorReport) {
    guard config.lifecycle.logDriver == "passthrough" else { return }
    for fd: Int32 in 0...2 where Descriptor.isTerminal(fd) {
      throw ErrorReport(
        .invalidRequest, "the '--log-driver passthrough' option cannot be used on a TTY",
        hint: "use --log-driver passthrough-tty")
    }
  }
}

/// The command's end of the socket to a monitor that it started.
public struct MonitorConnection: ~Copyable {
  let socket: OwnedDescriptor
  let monitor: ChildProcess

  init(socket: consuming OwnedDescriptor, monitor: consuming ChildProcess) {
    self.socket = socket
    self.monitor = monitor
  }
}
