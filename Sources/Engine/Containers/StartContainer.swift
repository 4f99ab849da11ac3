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
    let connection = try LaunchContainer(context: context, store: store, config: config).run()
    let monitor = MonitorSocket(socket: connection.takeSocket())
    let failure = try monitor.first { frame -> ErrorReport?? in
      switch frame {
      case .started, .exit: .some(nil)
      case .failure(let report): .some(report)
      default: nil
      }
    }
    switch failure {
    case .some(.some(let report)):
      throw EngineError.failed(report)
    case .some(nil): return
    case nil:
      throw EngineError.failed(
        ErrorReport(.unavailable, "the monitor of container \(config.name) ended unexpectedly"))
    }
  }

  public struct Attachment: Sendable {
    public var streams: AttachStreams
    public var detachKeys = DetachKeys.standard
    public var passesSignals = true

    public init(streams: AttachStreams) { self.streams = streams }
  }

  /// Starts it with the caller's streams connected, and stays until it ends.
  public func attached(_ id: String, _ attachment: Attachment) throws -> AttachOutcome {
    let config = try store.load(id)
    var launch = LaunchContainer(context: context, store: store, config: config)
    launch.attached = attachment.streams
    if config.process.terminal, let size = PseudoTerminal.standardSize {
      launch.windowSize = WindowSize(rows: size.rows, columns: size.columns)
    }
    let connection = try launch.run()
    var session = AttachSession(
      socket: connection.takeSocket(), streams: attachment.streams,
      isTerminal: config.process.terminal, detachKeys: attachment.detachKeys,
      passesSignals: attachment.passesSignals)
    let outcome = try session.run()
    if case .exited = outcome, config.lifecycle.autoRemove {
      // The monitor's last act removes the files; the name is free when this command returns.
      try store.unlist(id, name: config.name)
    }
    return outcome
  }

  /// Attaches to a container that runs.
  public func attach(_ id: String, _ attachment: Attachment) throws -> AttachOutcome {
    let config = try store.load(id)
    guard let monitor = try MonitorSocket.connect(store.liveDirectory(id)) else {
      let status = try StatusReader(store).read(id)
      throw EngineError.notRunning(config.name, state: status.word)
    }
    try monitor.send(.attach(attachment.streams))
    var session = AttachSession(
      socket: monitor.takeSocket(), streams: attachment.streams,
      isTerminal: config.process.terminal, detachKeys: attachment.detachKeys,
      passesSignals: attachment.passesSignals)
    let outcome = try session.run()
    if case .exited = outcome, config.lifecycle.autoRemove {
      try store.unlist(id, name: config.name)
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
