import LinuxSystem
public import Model
import StateStore

/// Asks for containers' health, and has them probed.
public struct CheckHealth {
  /// A monitor that does not answer for so long (it is stopped) is not waited for: milliseconds.
  private static let patience: Int32 = 2_000

  private let store: ContainerStore

  public init(_ context: EngineContext) { store = ContainerStore(context) }

  /// What is known; nil when the container has no health check.
  public func read(_ config: ContainerConfig) throws -> HealthRecord? {
    guard config.health != nil else { return nil }
    let live = store.liveDirectory(config.id)
    if try ask(config.id, probing: false, milliseconds: Self.patience) != nil,
      let record = Self.load("\(live)/health")
    {
      return record
    }
    let kept = Self.load("\(store.directory(config.id))/health")
    guard let state = try RecordStore(live).find("state").flatMap(LiveRecord.init),
      let status = state.health, kept?.status != status
    else { return kept ?? HealthRecord() }
    return HealthRecord(status: status)
  }

  private static func load(_ path: String) -> HealthRecord? {
    guard let text = try? FileTree.readText(path, limit: 1 << 26) else { return nil }
    return LineRecord(parsing: text).flatMap { HealthRecord($0) }
  }

  /// What a probe told.
  public enum Outcome: String, Sendable {
    case healthy, starting, unhealthy, stopped
  }

  /// Probes the container now; what follows from the result (`--health-on-failure`) has happened
  /// when this returns.
  public func run(_ id: String) throws -> Outcome {
    let config = try store.load(id)
    guard let health = config.health else {
      throw ErrorReport(
        .invalidRequest, "container \(config.name) has no defined healthcheck",
        hint: "create it with --health-cmd")
    }
    let before = try StatusReader(store).read(id)
    guard case .running = before else {
      throw EngineError.notRunning(config.name, state: before.word)
    }
    guard let answer = try ask(id, probing: true, milliseconds: -1) else {
      let after = try StatusReader(store).read(id)
      if case .exited = after { return .stopped }
      throw ErrorReport(
        .unavailable, "the monitor of container \(config.name) is gone",
        hint: "restart the container: martlet restart \(config.name)")
    }
    if answer.status == .stopped { return .stopped }
    if answer.code == 0 { return .healthy }
    if answer.status == .unhealthy, ["kill", "stop"].contains(health.onFailure) {
      try awaitEnd(of: before, config)
    }
    return answer.status == .starting && answer.streak == 0 ? .starting : .unhealthy
  }

  private struct Answer {
    var status: HealthRecord.Status?
    var code: Int32
    var streak: Int
  }

  /// Nil when no monitor answers.
  private func ask(_ id: String, probing: Bool, milliseconds: Int32) throws -> Answer? {
    let live = store.liveDirectory(id)
    guard let monitor = try MonitorSocket.connect(live) else { return nil }
    try monitor.send(.checkHealth(probing: probing))
    guard try Descriptor.waitReadable(monitor.socket.raw, milliseconds: milliseconds) else {
      return nil
    }
    return try monitor.first { frame -> Answer? in
      guard case .health(let status, let code) = frame else { return nil }
      return Answer(
        status: status, code: code, streak: Self.load("\(live)/health")?.failingStreak ?? 0)
    }
  }

  /// Until the process that ran before is gone.
  private func awaitEnd(of before: ContainerStatus, _ config: ContainerConfig) throws {
    let limit = Clock.monotonic() + Int64(config.lifecycle.stopTimeout + 5) * 1_000_000_000
    while Clock.monotonic() < limit {
      let now = try StatusReader(store).read(config.id)
      if now.pid != before.pid { return }
      try Clock.pause(milliseconds: 10)
    }
  }
}
