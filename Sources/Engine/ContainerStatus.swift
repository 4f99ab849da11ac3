import LinuxSystem
public import Model
import StateStore

/// What a container is doing, worked out from what nobody has to keep running for: the monitor's
/// lock, the live record of this boot, and the exit record on disk.
public enum ContainerStatus: Equatable, Sendable {
  case created
  /// The monitor is setting it up.
  case initialized
  /// `since` in nanoseconds; `monitored` is false when its monitor was killed.
  case running(pid: Int32, since: Int64, monitored: Bool)
  case paused(pid: Int32, since: Int64)
  case stopping(pid: Int32, since: Int64)
  case restarting
  /// `code` is nil when nobody saw the end (the monitor was killed, or the machine went down).
  case exited(code: Int32?, finished: Int64, started: Int64, outOfMemory: Bool)

  /// Podman's word for it.
  public var word: String {
    switch self {
    case .created: "created"
    case .initialized: "initialized"
    case .running: "running"
    case .paused: "paused"
    case .stopping: "stopping"
    case .restarting: "restarting"
    case .exited: "exited"
    }
  }

  /// The pid of a process that is alive.
  public var pid: Int32? {
    switch self {
    case .running(let pid, _, _), .paused(let pid, _), .stopping(let pid, _): pid
    default: nil
    }
  }

  public var isAlive: Bool { pid != nil }

  /// Whether nothing of it runs, is being set up or will begin by itself.
  public var isIdle: Bool {
    switch self {
    case .created, .exited: true
    default: false
    }
  }

  /// A code to pass on; what nobody saw counts as 255.
  public var exitCode: Int32 {
    if case .exited(let code, _, _, _) = self { return code ?? 255 }
    return 0
  }
}

/// What there is to know of a container at a glance.
public struct ContainerCondition: Sendable {
  public var status: ContainerStatus
  /// Nil without a health check, and before its first start.
  public var health: HealthRecord.Status?
  /// How often its policy has started it again since somebody did.
  public var restarts = 0
  /// Somebody ended it, and it has not been started since.
  public var stoppedByUser = false

  /// Takes over what only the record of an end tells.
  fileprivate mutating func add(_ exit: LineRecord) {
    restarts = Int(exit.integer("restarts") ?? 0)
    stoppedByUser = exit.flag("stopped-by-user")
  }
}

/// Reads statuses; never waits for a writer.
public struct StatusReader: Sendable {
  private let store: ContainerStore
  private let places: ContainerPlaces?

  public init(_ store: ContainerStore) {
    self.store = store
    places = nil
  }

  /// For many containers in a row.
  init(_ store: ContainerStore, _ places: ContainerPlaces) {
    self.store = store
    self.places = places
  }

  public func read(_ id: String) throws -> ContainerStatus { try condition(id).status }

  /// Status, health and restarts at once.
  public func condition(_ id: String) throws -> ContainerCondition {
    if let places, let idle = try idle(id, places) { return idle }
    var live: LineRecord?
    var exit: LineRecord?
    let status = try read(id, &live, &exit)
    var condition = ContainerCondition(status: status)
    if case .exited = status, let exit = try exit ?? record(id, "exit") { condition.add(exit) }
    if let live {
      condition.health = live["health"].flatMap(HealthRecord.Status.init(rawValue:))
      condition.restarts = Int(live.integer("restarts") ?? 0)
    }
    return condition
  }

  /// Of one that had no live directory when we looked who has, if its files tell all without a look at
  /// who holds its lock.
  private func idle(_ id: String, _ places: ContainerPlaces) throws -> ContainerCondition? {
    guard !places.mayLive(id), let size = try places.lockSize(id) else { return nil }
    // A start writes into the lock before there is a monitor, and nobody empties it. Who merely holds it
    // has just made the container, or waits before starting it. A power cut may have taken what was
    // written there, but never the record of an end.
    if size == 0 {
      return try places.hasRecord(id, "exit") ? nil : ContainerCondition(status: .created)
    }
    // Had a start begun since we looked, it would have taken the older record away.
    guard let exit = try places.record(id, "exit"),
      let finished = exit.integer("finished"), finished < places.opened
    else { return nil }
    var condition = ContainerCondition(status: Self.ended(exit))
    condition.add(exit)
    return condition
  }

  private func record(_ id: String, _ name: String) throws -> LineRecord? {
    guard let places else { return try RecordStore(store.directory(id)).find(name) }
    return try places.record(id, name)
  }

  private func liveRecord(_ id: String) throws -> LineRecord? {
    try RecordStore(store.liveDirectory(id)).find("state")
  }

  private func read(_ id: String, _ live: inout LineRecord?, _ exit: inout LineRecord?) throws
    -> ContainerStatus
  {
    live = places?.mayLive(id) == false ? nil : try liveRecord(id)
    let lock = try places?.lock(id) ?? FileLock.look(store.monitorLock(id))
    if lock == .held {
      // It may have begun to live since we looked who does.
      if live == nil, places != nil { live = try liveRecord(id) }
      if let live {
        // The record of the end says more, and was there first; a full disk has none.
        if live["status"] == "exited" { exit = try record(id, "exit") }
        return exit.map(Self.ended) ?? monitored(live)
      }
      // The monitor has told nothing yet, or it has removed what it told and is about to leave.
      exit = try record(id, "exit")
      if let exit { return Self.ended(exit) }
      guard !FileTree.exists(store.liveDirectory(id)),
        let lost = LostContainer.find(lock: store.monitorLock(id))
      else { return .initialized }
      return .running(pid: lost.pid, since: lost.started, monitored: false)
    }
    // No monitor. What it left in the live directory may still run.
    if let live, let status = orphaned(live) { return status }
    exit = try record(id, "exit")
    if let exit { return Self.ended(exit) }
    if let live, live["status"] == "exited" { return Self.ended(live) }
    // A start writes into the lock; what it wrote may be torn by a power cut.
    guard case .free(let started) = lock, !started.isEmpty else { return .created }
    let since = LineRecord(parsing: started)?.integer("started") ?? 0
    return .exited(code: nil, finished: since, started: since, outOfMemory: false)
  }

  private func monitored(_ live: LineRecord) -> ContainerStatus {
    let pid = live.integer("pid").map { Int32(truncatingIfNeeded: $0) } ?? 0
    let since = live.integer("started") ?? 0
    switch live["status"] {
    case "running": return .running(pid: pid, since: since, monitored: true)
    case "paused": return .paused(pid: pid, since: since)
    case "stopping": return .stopping(pid: pid, since: since)
    case "restarting": return .restarting
    case "exited": return Self.ended(live)
    default: return .initialized
    }
  }

  /// A process whose monitor was killed is known by its pid and start time in this boot.
  private func orphaned(_ live: LineRecord) -> ContainerStatus? {
    guard let pid = live.integer("pid"), let start = live.integer("start-time"), pid > 0,
      live["status"] != "exited",
      ProcessHandle.startTime(Int32(truncatingIfNeeded: pid)) == UInt64(bitPattern: start),
      Self.isAlive(Int32(truncatingIfNeeded: pid))
    else { return nil }
    if let boot = live["boot-id"], boot != BootID.current { return nil }
    if live["status"] == "paused" {
      return .paused(pid: Int32(truncatingIfNeeded: pid), since: live.integer("started") ?? 0)
    }
    return .running(
      pid: Int32(truncatingIfNeeded: pid), since: live.integer("started") ?? 0, monitored: false)
  }

  /// One that has ended may keep its number until some parent asks how.
  private static func isAlive(_ pid: Int32) -> Bool {
    guard let process = try? ProcessHandle.find(pid) else { return false }
    return (try? process.waitForEnd(milliseconds: 0)) == false
  }

  private static func ended(_ record: LineRecord) -> ContainerStatus {
    .exited(
      code: record.integer("code").map { Int32(truncatingIfNeeded: $0) },
      finished: record.integer("finished") ?? 0, started: record.integer("started") ?? 0,
      outOfMemory: record.flag("oom"))
  }
}
