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
    return Self.event(id, CgroupStats(of: try cgroup(record)))
  }

  /// Calls `print` with every event until the container ends.
  public func follow(_ print: (JSONValue) throws(RuntimeError) -> Void) throws(RuntimeError) {
    let id = try ContainerID(id)
    let record = try living(id)
    let group = try cgroup(record)
    var kills = CgroupStats(of: group).outOfMemoryKills ?? 0
    while true {
      let ended = try during("watch `\(id)`") { () throws(SystemError) in
        guard let process = try ProcessHandle.find(record.pid), record.isAlive else { return true }
        return try process.waitForEnd(milliseconds: interval)
      }
      let stats = CgroupStats(of: group)
      if let now = stats.outOfMemoryKills, now > kills {
        kills = now
        try print(
          .object(
            JSONObject([
              JSONObject.Member("type", .string("oom")), JSONObject.Member("id", .string(id.text)),
            ])))
      }
      if ended { return }
      try print(Self.event(id, stats))
    }
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

  private static func event(_ id: ContainerID, _ stats: CgroupStats) -> JSONValue {
    func number(_ value: UInt64?) -> JSONValue { (value ?? 0).json }
    func object(_ members: [(String, JSONValue)]) -> JSONValue {
      .object(JSONObject(members.map { JSONObject.Member($0.0, $0.1) }))
    }
    let usage = object([
      ("total", number(stats.cpuTotal)), ("kernel", number(stats.cpuSystem)),
      ("user", number(stats.cpuUser)),
    ])
    let memory = object([
      ("usage", number(stats.memoryUsage)), ("limit", number(stats.memoryLimit)),
    ])
    return object([
      ("type", .string("stats")), ("id", .string(id.text)),
      (
        "data",
        object([
          ("cpu", object([("usage", usage)])), ("memory", object([("usage", memory)])),
          (
            "pids",
            object([("current", number(stats.pids)), ("limit", number(stats.pidsLimit))])
          ),
        ])
      ),
    ])
  }
}
