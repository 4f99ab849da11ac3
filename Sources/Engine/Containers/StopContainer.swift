import LinuxSystem
import Model
import UserNamespaces

/// Sends signals to containers, and stops them.
public struct StopContainer {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// The stop signal, then SIGKILL after `timeout` seconds (nil: the container's own).
  ///
  /// - Returns: false if it was not running.
  @discardableResult
  public func stop(_ id: String, timeout: Int? = nil) throws -> Bool {
    let config = try store.load(id)
    var monitor = try MonitorSocket.settingUp(id, store)
    let status = try StatusReader(store).read(id)
    let seconds = timeout ?? config.lifecycle.stopTimeout
    if case .exited = status {
      try awaitEnd(id)
      return false
    }
    // Whatever it is doing by now: its monitor knows, and starts it no more.
    if monitor == nil { monitor = try MonitorSocket.connect(store.liveDirectory(id)) }
    if let monitor {
      let limit = seconds < 0 ? UInt32.max : UInt32(clamping: Int64(seconds) * 1000)
      try monitor.send(.stop(milliseconds: limit))
      thaw(config, status)
      try awaitEnd(id)
      // A monitor that is killed at this moment passes nothing on, and leaves the container running.
      if try !isOrphaned(id) {
        let hasRun = status.isAlive || status == .restarting
        if hasRun { context.note("stop", config) }
        return hasRun
      }
    }
    guard let pid = status.pid, let process = try ProcessHandle.find(pid) else { return false }
    try signal(pid, config.lifecycle.stopSignal)
    thaw(config, status)
    let limit = seconds < 0 ? -1 : Int32(clamping: Int64(seconds) * 1000)
    if try !process.waitForEnd(milliseconds: limit) {
      try signal(pid, 9)
      _ = try process.waitForEnd(milliseconds: 10_000)
    }
    context.note("stop", config)
    // A monitor that nobody can talk to any more still writes down the end.
    if try FileLock.isHeld(store.monitorLock(id)) { try awaitEnd(id) }
    return true
  }

  /// What is to be told of a stop that began at `began` and took SIGKILL in the end, or nil.
  ///
  /// A container that removes itself has left no word of its end: its time has to do.
  public func lateKill(
    _ config: ContainerConfig, _ timeout: Int?, _ began: Int64
  ) throws -> String? {
    let seconds = timeout ?? config.lifecycle.stopTimeout
    guard seconds > 0, Clock.monotonic() - began >= Int64(seconds) * 1_000_000_000 else {
      return nil
    }
    if case .exited(let code, _, _, _) = try StatusReader(store).read(config.id), code != 137 {
      return nil
    }
    let signal = SignalNumber.name(config.lifecycle.stopSignal)
    return "StopSignal \(signal) failed to stop container \(config.name) in \(seconds) seconds, "
      + "resorting to SIGKILL"
  }

  private func isOrphaned(_ id: String) throws -> Bool {
    if case .running(_, _, monitored: false) = try StatusReader(store).read(id) { return true }
    return false
  }

  /// Sends one signal to the container's init.
  public func kill(_ id: String, signal number: Int32) throws {
    let config = try store.load(id)
    let status = try StatusReader(store).read(id)
    if status == .restarting, let monitor = try MonitorSocket.connect(store.liveDirectory(id)) {
      // There is nothing to signal now, but SIGKILL and the stop signal end the restarts.
      try monitor.send(.signal(UInt8(number)))
      return
    }
    guard let pid = status.pid else {
      throw EngineError.notRunning(config.name, state: status.word)
    }
    context.note("kill", config, facts: ["signal": "\(number)"])
    if let monitor = try MonitorSocket.connect(store.liveDirectory(id)) {
      try monitor.send(.signal(UInt8(number)))
      guard number == 9 else { return }
      thaw(config, status)
      try awaitEnd(id)
      guard try isOrphaned(id) else { return }
    }
    try signal(pid, number)
  }

  /// Lets a paused container's processes take the signal that was sent.
  private func thaw(_ config: ContainerConfig, _ status: ContainerStatus) {
    guard case .paused(let pid, _) = status else { return }
    // A frozen process dies of SIGKILL all the same, and then there is nothing to thaw.
    try? RuntimeCall(context).run(config, pid: pid, ["resume"])
  }

  /// Until the monitor has recorded the end and tidied up.
  func awaitEnd(_ id: String) throws {
    while true {
      let live = (try? FileTree.read("\(store.liveDirectory(id))/state")).flatMap {
        LineRecord(parsing: $0)
      }
      guard try FileLock.isHeld(store.monitorLock(id)) else { return }
      if let pid = live?.integer("monitor"),
        let monitor = try ProcessHandle.find(Int32(truncatingIfNeeded: pid))
      {
        _ = try monitor.waitForEnd(milliseconds: 200)
      } else {
        try Clock.pause(milliseconds: 5)
      }
    }
  }

  /// Signals a process of the container from inside its user namespace: its ids are not ours.
  private func signal(_ pid: Int32, _ number: Int32) throws {
    guard let process = try ProcessHandle.find(pid) else { return }
    if context.uid == 0 {
      try process.kill(number)
      return
    }
    let namespace = try OwnedDescriptor.open("/proc/\(pid)/ns/user")
    let child = try ChildProcess.spawn {
      guard (try? Namespace.user.join(namespace.raw)) != nil else { return 1 }
      return (try? process.kill(number)) == nil ? 1 : 0
    }
    guard try child.wait() == .exited(0) else {
      throw ErrorReport(.notPermitted, "cannot signal process \(pid) of the container")
    }
  }
}

/// Waits for containers to end.
public struct WaitContainer {
  private let store: ContainerStore

  public init(_ context: EngineContext) { store = ContainerStore(context) }

  /// The exit code of the run that is on, or of the last one.
  public func run(_ id: String) throws -> Int32 {
    while true {
      if let monitor = try MonitorSocket.connect(store.liveDirectory(id)) {
        try monitor.send(.attach([]))
        let code = try monitor.first { frame -> Int32? in
          if case .exit(let end) = frame { return end.code }
          return nil
        }
        if let code { return code }
      }
      let status = try StatusReader(store).read(id)
      switch status {
      case .exited: return status.exitCode
      case .created where try !FileLock.isHeld(store.monitorLock(id)):
        // It does not run, nor is it about to.
        return 0
      case .running(let pid, _, false):
        if let process = try ProcessHandle.find(pid) {
          _ = try process.waitForEnd(milliseconds: -1)
        }
      default: try Clock.pause(milliseconds: 20)
      }
    }
  }

  /// The exit code of the first of the containers that has one of the states, or -1 if it has not
  /// ended; `interval` in milliseconds.
  public func first(of ids: [String], _ condition: StateCondition, interval: Int) throws -> Int32 {
    let statuses = StatusReader(store)
    while true {
      for id in ids {
        guard store.exists(id) else {
          if condition.meetsRemoval { return -1 }
          throw EngineError.noSuchContainer(id)
        }
        let now = try statuses.condition(id)
        guard condition.holds(now.status, health: now.health?.rawValue) else { continue }
        if case .exited = now.status { return now.status.exitCode }
        return -1
      }
      try Clock.pause(milliseconds: Int32(clamping: interval))
    }
  }
}
