import LinuxSystem
import Model

/// Stops a container if it runs, and starts it.
public struct RestartContainer {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// `timeout`: seconds before SIGKILL; nil is the container's own.
  public func run(_ id: String, timeout: Int? = nil) throws {
    let store = ContainerStore(context)
    let config = try store.load(id)
    if config.lifecycle.autoRemove, try restartInPlace(config, store, timeout) { return }
    try StopContainer(context).stop(id, timeout: timeout)
    try StartContainer(context).detached(id)
    context.note("restart", config)
  }

  /// A container that is removed at its end must not come to it: its monitor runs it again.
  ///
  /// - Returns: false if it does not run.
  private func restartInPlace(
    _ config: ContainerConfig, _ store: ContainerStore, _ timeout: Int?
  ) throws -> Bool {
    let statuses = StatusReader(store)
    let before = try statuses.read(config.id)
    guard case .running(let pid, let since, true) = before,
      let monitor = try MonitorSocket.connect(store.liveDirectory(config.id))
    else { return false }
    let seconds = timeout ?? config.lifecycle.stopTimeout
    try monitor.send(
      .restart(milliseconds: seconds < 0 ? .max : UInt32(clamping: Int64(seconds) * 1_000)))
    while true {
      switch try statuses.read(config.id) {
      case .running(let now, let start, _) where now != pid || start != since: return true
      case .exited:
        throw ErrorReport(
          .unavailable, "container \(config.name) ended, and could not be started again")
      default: try Clock.pause(milliseconds: 5)
      }
    }
  }
}
