import LinuxSystem

/// What a container uses, and whether its memory ran out.
public struct CgroupStats: Equatable, Sendable {
  /// Nanoseconds of CPU time; nil where the kernel does not count it here.
  public var cpuTotal: UInt64?
  public var cpuUser: UInt64?
  public var cpuSystem: UInt64?
  /// Bytes.
  public var memoryUsage: UInt64?
  public var memoryLimit: UInt64?
  public var pids: UInt64?
  public var pidsLimit: UInt64?
  /// Processes that the kernel killed for memory.
  public var outOfMemoryKills: UInt64?

  public init(of cgroup: Cgroup) {
    if cgroup.layout == .unified, let directory = cgroup.unified {
      readUnified(directory)
    } else {
      readLegacy(cgroup)
    }
  }

  private mutating func readUnified(_ directory: String) {
    let cpu = Self.table("\(directory)/cpu.stat")
    cpuTotal = cpu["usage_usec"].map { $0 &* 1_000 }
    cpuUser = cpu["user_usec"].map { $0 &* 1_000 }
    cpuSystem = cpu["system_usec"].map { $0 &* 1_000 }
    memoryUsage = Self.number("\(directory)/memory.current")
    memoryLimit = Self.number("\(directory)/memory.max")
    pids = Self.number("\(directory)/pids.current")
    pidsLimit = Self.number("\(directory)/pids.max")
    outOfMemoryKills = Self.table("\(directory)/memory.events")["oom_kill"]
  }

  private mutating func readLegacy(_ cgroup: Cgroup) {
    if let directory = cgroup.legacy("cpuacct") {
      cpuTotal = Self.number("\(directory)/cpuacct.usage")
      cpuUser = Self.number("\(directory)/cpuacct.usage_user")
      cpuSystem = Self.number("\(directory)/cpuacct.usage_sys")
    }
    if let directory = cgroup.legacy("memory") {
      memoryUsage = Self.number("\(directory)/memory.usage_in_bytes")
      memoryLimit = Self.number("\(directory)/memory.limit_in_bytes")
      outOfMemoryKills = Self.table("\(directory)/memory.oom_control")["oom_kill"]
    }
    if let directory = cgroup.legacy("pids") {
      pids = Self.number("\(directory)/pids.current")
      pidsLimit = Self.number("\(directory)/pids.max")
    }
  }

  /// Nil when the file is missing or says `max`.
  private static func number(_ path: String) -> UInt64? {
    guard let text = try? FileTree.readText(path) else { return nil }
    return UInt64(text.prefix { $0 != "\n" })
  }

  /// `name value` lines.
  private static func table(_ path: String) -> [String: UInt64] {
    guard let text = try? FileTree.readText(path) else { return [:] }
    var values: [String: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2 { values[String(fields[0])] = UInt64(fields[1]) }
    }
    return values
  }
}
