import LinuxSystem
import Model

/// What a container uses at one moment.
public struct ContainerUsage: Sendable {
  /// When it was read, nanoseconds since the epoch.
  public var time: Int64 = 0
  /// Nanoseconds since it started.
  public var running: Int64 = 0
  /// Nanoseconds of CPU time.
  public var cpu: UInt64 = 0
  public var cpuSystem: UInt64 = 0
  /// Bytes.
  public var memory: UInt64 = 0
  public var memoryLimit: UInt64 = 0
  public var networkIn: UInt64 = 0
  public var networkOut: UInt64 = 0
  public var blockIn: UInt64 = 0
  public var blockOut: UInt64 = 0
  public var processes: UInt64 = 0

  public init() {}
}

/// Reads what containers use: from the files of their control group, or where no control group was
/// delegated from their processes in /proc.
public struct ReadStats {
  private let memoryOfMachine: UInt64

  public init() {
    let text = (try? FileTree.readText("/proc/meminfo", limit: 65_536)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemTotal:") } ?? ""
    memoryOfMachine = (UInt64(line.filter(\.isNumber)) ?? 0) * 1024
  }

  /// All zero for a container that does not run.
  public func read(_ id: String, _ status: ContainerStatus) -> ContainerUsage {
    var usage = ContainerUsage()
    usage.time = Clock.realtime()
    guard let pid = status.pid else { return usage }
    switch status {
    case .running(_, let since, _), .paused(_, let since), .stopping(_, let since):
      usage.running = max(0, usage.time - since)
    default: break
    }
    usage.memoryLimit = memoryOfMachine
    let processes = ContainerProcesses(id: id, first: pid)
    let cgroup = processes.cgroup
    if let cgroup { readCgroup(cgroup, &usage) }
    // Without the memory controller its file is missing; CPU time is counted everywhere.
    if cgroup == nil || usage.memory == 0 {
      readProcesses(processes.list(), countsCPU: cgroup == nil, &usage)
    }
    readNetwork(pid, &usage)
    return usage
  }

  private func readCgroup(_ directory: String, _ usage: inout ContainerUsage) {
    let cpu = Self.table("\(directory)/cpu.stat")
    usage.cpu = (cpu["usage_usec"] ?? 0) * 1000
    usage.cpuSystem = (cpu["system_usec"] ?? 0) * 1000
    // What the kernel can drop at once is not used (as docker and podman count it).
    let cached = Self.table("\(directory)/memory.stat")["inactive_file"] ?? 0
    let memory = Self.number("\(directory)/memory.current") ?? 0
    usage.memory = memory > cached ? memory - cached : memory
    if let limit = Self.number("\(directory)/memory.max"), limit < memoryOfMachine {
      usage.memoryLimit = limit
    }
    usage.processes = Self.number("\(directory)/pids.current") ?? 0
    let text = (try? FileTree.readText("\(directory)/io.stat", limit: 1 << 20)) ?? ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if word.hasPrefix("rbytes=") { usage.blockIn += UInt64(word.dropFirst(7)) ?? 0 }
      if word.hasPrefix("wbytes=") { usage.blockOut += UInt64(word.dropFirst(7)) ?? 0 }
    }
  }

  private func readProcesses(
    _ pids: [Int32], countsCPU: Bool, _ usage: inout ContainerUsage
  ) {
    let tick = 1_000_000_000 / ProcessStat.ticks
    var count: UInt64 = 0
    for stat in pids.compactMap({ ProcessStat($0) }) {
      count += 1
      usage.memory += stat.residentPages * 4096
      guard countsCPU else { continue }
      usage.cpu += (stat.userTime + stat.systemTime) * tick
      usage.cpuSystem += stat.systemTime * tick
    }
    if usage.processes == 0 { usage.processes = count }
  }

  /// Bytes of all interfaces but the loopback (proc_pid_net(5)).
  private func readNetwork(_ pid: Int32, _ usage: inout ContainerUsage) {
    let own = try? FileTree.readLink("/proc/self/ns/net")
    // In the host's network nobody can tell whose bytes they are.
    guard let space = try? FileTree.readLink("/proc/\(pid)/ns/net"), space != own,
      let text = try? FileTree.readText("/proc/\(pid)/net/dev", limit: 1 << 20)
    else { return }
    for line in text.split(separator: "\n").dropFirst(2) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let fields = line[line.index(after: colon)...].split(separator: " ")
      guard fields.count > 8, line[..<colon].filter({ $0 != " " }) != "lo" else { continue }
      usage.networkIn += UInt64(fields[0]) ?? 0
      usage.networkOut += UInt64(fields[8]) ?? 0
    }
  }

  /// Nil when the file is missing or says `max`.
  private static func number(_ path: String) -> UInt64? {
    guard let text = try? FileTree.readText(path, limit: 256) else { return nil }
    return UInt64(text.prefix { $0 != "\n" })
  }

  private static func table(_ path: String) -> [String: UInt64] {
    guard let text = try? FileTree.readText(path, limit: 65_536) else { return [:] }
    var values: [String: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2 { values[String(fields[0])] = UInt64(fields[1]) }
    }
    return values
  }
}
