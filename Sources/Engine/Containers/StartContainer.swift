import LinuxSystem
public import Model

/// Starts a container that exists.
public struct StartContainer {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// Starts it in the background and returns when its process runs.
  public func detached(_ id: String) throws {
    let config = try store.load(id)
    try startDependencies(of: config)
    let monitor = try launchOrContinue(config)
    let failure = try monitor.first { frame -> ErrorReport?? in
      switch frame {
      case .started, .exit: .some(nil)
      // It came up between the question and the answer.
      case .status(let record) where record["status"] == "running": .some(nil)
      case .failure(let report): .some(report)
      default: nil
      }
    }
    switch failure {
    case .some(.some(let report)):
      throw EngineError.failed(report)
    case .some(nil): return
    case nil:
      throw EngineError.monitorEnded(config.name)
    }
  }

  /// A new monitor, or the one of a container that `init` has set up, told to go on.
  private func launchOrContinue(_ config: ContainerConfig) throws -> MonitorSocket {
    if let monitor = try settingUp(config.id) {
      try monitor.send(.attach([]))
      try monitor.send(.start)
      return monitor
    }
    let connection = try LaunchContainer(context: context, store: store, config: config).run()
    return MonitorSocket(socket: connection.takeSocket())
  }

  /// A container whose lock is ours has no monitor yet.
  private func settingUp(_ id: String) throws -> MonitorSocket? {
    context.keepsLock(of: id) ? nil : try MonitorSocket.settingUp(id, store)
  }

  /// Starts the containers that this one needs; cycles cannot come about, since a container only
  /// names containers that are older.
  private func startDependencies(of config: ContainerConfig) throws {
    for id in config.dependencies {
      guard store.exists(id) else {
        throw ErrorReport(
          .notFound, "container \(config.name) depends on \(id.prefix(12)), which is gone")
      }
      if try StatusReader(store).read(id).isAlive { continue }
      try detached(id)
    }
  }

  public struct Attachment: Sendable {
    public var streams: AttachStreams
    public var detachKeys = DetachKeys.standard
    public var passesSignals = true
    /// Descriptors 3 and up of ours that the container's process inherits.
    public var preservedDescriptors = 0

    public init(streams: AttachStreams) { self.streams = streams }
  }

  /// Starts it with the caller's streams connected, and stays until it ends.
  public func attached(_ id: String, _ attachment: Attachment) throws -> AttachOutcome {
    let config = try store.load(id)
    try startDependencies(of: config)
    if let monitor = try settingUp(id) {
      try monitor.send(.attach(attachment.streams))
      try monitor.send(.start)
      return try follow(monitor.takeSocket(), config, attachment)
    }
    var launch = LaunchContainer(context: context, store: store, config: config)
    launch.attached = attachment.streams
    launch.preservedDescriptors = attachment.preservedDescriptors
    if config.process.terminal, let size = PseudoTerminal.standardSize {
      launch.windowSize = WindowSize(rows: size.rows, columns: size.columns)
    }
    return try follow(try launch.run().takeSocket(), config, attachment)
  }

  /// Attaches to a container that runs.
  public func attach(_ id: String, _ attachment: Attachment) throws -> AttachOutcome {
    let config = try store.load(id)
    guard let monitor = try MonitorSocket.connect(store.liveDirectory(id)) else {
      let status = try StatusReader(store).read(id)
      throw EngineError.notRunning(config.name, state: status.word)
    }
    try monitor.send(.attach(attachment.streams))
    return try follow(monitor.takeSocket(), config, attachment)
  }

  /// Stays with the container until it ends or the user leaves.
  private func follow(
    _ socket: consuming OwnedDescriptor, _ config: ContainerConfig, _ attachment: Attachment
  ) throws -> AttachOutcome {
    context.note("attach", config)
    var session = AttachSession(
      socket: socket, streams: attachment.streams,
      isTerminal: config.process.terminal, detachKeys: attachment.detachKeys,
      passesSignals: attachment.passesSignals)
    let outcome = try session.run()
    if case .exited = outcome, config.lifecycle.autoRemove {
      // The monitor's last act removes the files; the name is free when this command returns.
      try store.unlist(config.id, name: config.name)
      _ = try RemoveContainer(context).unlistVolumes(config)
    }
    return outcome
  }
}

extension MonitorConnection {
  /// The socket alone: the monitor is nobody's child any more once this command ends.
  consuming func takeSocket() -> OwnedDescriptor { socket }
}

extension MonitorSocket {
  consuming func takeSocket() -> OwnedDescriptor { socket }
}
