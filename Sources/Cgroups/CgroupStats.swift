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
  /// How often the memory limit could not be kept by reclaim, with or without a killed process.
  public var outOfMemory: UInt64?
  public var swapUsage: UInt64?
  public var swapLimit: UInt64?
  public var memoryPeak: UInt64?
  /// memory.stat, as the kernel names its counters.
  public var memoryDetails: [String: UInt64] = [:]
  /// CPU periods with a quota, those in which it was used up, and nanoseconds spent waiting.
  public var cpuPeriods: UInt64?
  public var cpuThrottledPeriods: UInt64?
  public var cpuThrottledTime: UInt64?
  /// Bytes and operations of each block device, `MAJOR:MINOR` first.
  public var devices: [DeviceTraffic] = []

  public struct DeviceTraffic: Equatable, Sendable {
    public var major: UInt64
    public var minor: UInt64
    public var readBytes: UInt64 = 0
    public var writtenBytes: UInt64 = 0
    public var reads: UInt64 = 0
    public var writes: UInt64 = 0
  }

  /// The file that changes when memory runs out, for a watch; nil where there is none.
  public static func memoryEvents(of cgroup: Cgroup) -> String? {
    guard cgroup.layout == .unified, let directory = cgroup.unified else { return nil }
    let file = "\(directory)/memory.events"
    return FileTree.exists(file) ? file : nil
  }

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
    cpuPeriods = cpu["nr_periods"]
    cpuThrottledPeriods = cpu["nr_throttled"]
    cpuThrottledTime = cpu["throttled_usec"].map { $0 &* 1_000 }
    memoryUsage = Self.number("\(directory)/memory.current")
    memoryPeak = Self.number("\(directory)/memory.peak")
    memoryDetails = Self.table("\(directory)/memory.stat")
    swapUsage = Self.number("\(directory)/memory.swap.current")
    swapLimit = Self.number("\(directory)/memory.swap.max")
    devices = Self.traffic("\(directory)/io.stat")
    memoryLimit = Self.number("\(directory)/memory.max")
    pids = Self.number("\(directory)/pids.current")
    pidsLimit = Self.number("\(directory)/pids.max")
    let events = Self.table("\(directory)/memory.events")
    outOfMemoryKills = events["oom_kill"]
    outOfMemory = events["oom"]
  }

  private mutating func readLegacy(_ cgroup: Cgroup) {
    if let directory = cgroup.legacy("cpuacct") {
      cpuTotal = Self.number("\(directory)/cpuacct.usage")
      cpuUser = Self.number("\(directory)/cpuacct.usage_user")
      cpuSystem = Self.number("\(directory)/cpuacct.usage_sys")
    }
    if let directory = cgroup.legacy("cpu") {
      let cpu = Self.table("\(directory)/cpu.stat")
      cpuPeriods = cpu["nr_periods"]
      cpuThrottledPeriods = cpu["nr_throttled"]
      cpuThrottledTime = cpu["throttled_time"]
    }
    if let directory = cgroup.legacy("memory") {
      memoryUsage = Self.number("\(directory)/memory.usage_in_bytes")
      memoryPeak = Self.number("\(directory)/memory.max_usage_in_bytes")
      memoryDetails = Self.table("\(directory)/memory.stat")
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

  /// io.stat: `8:0 rbytes=1 wbytes=2 rios=3 wios=4 …` lines.
  private static func traffic(_ path: String) -> [DeviceTraffic] {
    guard let text = try? FileTree.readText(path) else { return [] }
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      let numbers = fields.first?.split(separator: ":").compactMap { UInt64($0) } ?? []
      guard numbers.count == 2 else { return nil }
      var device = DeviceTraffic(major: numbers[0], minor: numbers[1])
      for field in fields.dropFirst() {
        let pair = field.split(separator: "=")
        guard pair.count == 2, let value = UInt64(pair[1]) else { continue }
        switch pair[0] {
        case "rbytes": device.readBytes = value
        case "wbytes": device.writtenBytes = value
        case "rios": device.reads = value
        case "wios": device.writes = value
        default: break
        }
      }
      return device
    }
  }
}
