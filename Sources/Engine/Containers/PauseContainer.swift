import LinuxSystem
import Model
import StateStore

/// Freezes all processes of a container, and thaws them.
public struct PauseContainer {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// - Throws: when it does not run, or has no control group of its own to be frozen in.
  public func pause(_ id: String) throws {
    let config = try store.load(id)
    let status = try StatusReader(store).read(id)
    guard case .running(let pid, _, _) = status else {
      throw EngineError.notRunning(config.name, state: status.word)
    }
    try RuntimeCall(context).run(config, pid: pid, ["pause"])
    try tell(id, isPaused: true)
    context.note("pause", config)
  }

  /// - Throws: when it is not paused.
  public func resume(_ id: String) throws {
    let config = try store.load(id)
    let status = try StatusReader(store).read(id)
    guard case .paused(let pid, _) = status else {
      throw EngineError.notPaused(config.name, state: status.word)
    }
    try RuntimeCall(context).run(config, pid: pid, ["resume"])
    try tell(id, isPaused: false)
    context.note("unpause", config)
  }

  /// Has the record of the container say so; the monitor writes it, if there is one.
  private func tell(_ id: String, isPaused: Bool) throws {
    if let monitor = try MonitorSocket.connect(store.liveDirectory(id)) {
      try monitor.send(.paused(isPaused))
      try monitor.send(.attach([]))
      // Its answer to the second message tells that the first was obeyed.
      _ = try monitor.first { frame -> Bool? in
        if case .status = frame { return true }
        return nil
      }
      return
    }
    let records = RecordStore(store.liveDirectory(id))
    guard var live = try records.find("state").flatMap(LiveRecord.init) else { return }
    live.status = isPaused ? .paused : .running
    try records.write("state", live.record)
  }
}
