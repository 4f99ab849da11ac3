import Cgroups
import LinuxSystem
public import OCISpec

/// `events`: statistics, once or in intervals, and the news that memory ran out.
public struct ContainerEvents {
  public var id: String
  /// Milliseconds between two lines.
  public var interval: Int32 = 5_000
  public var context: RuntimeContext

  public init(_ id: String, context: RuntimeContext) {
    self.id = id
    self.context = context
  }

  /// One statistics event.
  public func stats() throws(RuntimeError) -> JSONValue {
    let id = try ContainerID(id)
    let record = try living(id)
    return EventDocument.statistics(id, CgroupStats(of: try cgroup(record)))
  }

  /// Calls `print` with every event until the container ends.
  ///
  /// Memory running out is told at once (the kernel marks memory.events as modified), statistics in
  /// intervals.
  public func follow(_ print: (JSONValue) throws(RuntimeError) -> Void) throws(RuntimeError) {
    let id = try ContainerID(id)
    let record = try living(id)
    let group = try cgroup(record)
    let process = try during("watch `\(id)`") { () throws(SystemError) in
      try ProcessHandle.find(record.pid)
    }
    guard let process, record.isAlive else { return }
    let memory = try watch(group)
    var loop = try during("watch `\(id)`") { () throws(SystemError) in
      let loop = try EventLoop()
      try loop.add(process.pidfd.raw, .readable, token: Self.endToken)
      if let memory { try loop.add(memory.raw, .readable, token: Self.memoryToken) }
      return loop
    }
    var kills = CgroupStats(of: group).outOfMemoryKills ?? 0
    var next = Clock.monotonic() + Int64(interval) * 1_000_000
    while true {
      let left = max(0, (next - Clock.monotonic() + 999_999) / 1_000_000)
      let ready = try during("watch `\(id)`") { () throws(SystemError) in
        let ready = try loop.wait(milliseconds: Int32(clamping: left)).map(\.token)
        if ready.contains(Self.memoryToken) { try memory?.wait(milliseconds: 0) }
        return ready
      }
      let stats = CgroupStats(of: group)
      if let now = stats.outOfMemoryKills, now > kills {
        kills = now
        try print(EventDocument.outOfMemory(id))
      }
      if ready.contains(Self.endToken) { return }
      guard Clock.monotonic() >= next else { continue }
      next = Clock.monotonic() + Int64(interval) * 1_000_000
      try print(EventDocument.statistics(id, stats))
    }
  }

  private static let endToken: UInt64 = 1
  private static let memoryToken: UInt64 = 2

  private func watch(_ group: Cgroup) throws(RuntimeError) -> FileWatch? {
    guard let file = CgroupStats.memoryEvents(of: group) else { return nil }
    return try during("watch \(file)") { () throws(SystemError) in try FileWatch(file) }
  }

  private func living(_ id: ContainerID) throws(RuntimeError) -> StateRecord {
    let record = try context.states.load(id)
    guard record.isAlive else {
      throw .wrongState(id: id.text, status: "stopped", needed: "running")
    }
    return record
  }

  private func cgroup(_ record: StateRecord) throws(RuntimeError) -> Cgroup {
    guard let cgroup = record.cgroup else {
      throw .unusable(
        field: "container `\(record.id)`",
        "it has no cgroup of its own, so there are no statistics")
    }
    return cgroup
  }
}
