import LinuxSystem
import Model

/// The processes of a container, found from outside (proc(5)).
struct ContainerProcesses {
  let id: String
  /// The host's pid of its first process.
  let first: Int32

  /// Host pids: those in the container's own control group, or without one those of its process
  /// namespace; when it shares the host's, the descendants of its first process.
  func list() -> [Int32] {
    if let cgroup { return Self.members(of: cgroup) }
    let own = try? FileTree.readLink("/proc/self/ns/pid")
    let all = ((try? FileTree.list("/proc")) ?? []).compactMap { Int32($0) }.sorted()
    guard let space = try? FileTree.readLink("/proc/\(first)/ns/pid"), space != own else {
      return descendants(among: all)
    }
    return all.filter { (try? FileTree.readLink("/proc/\($0)/ns/pid")) == space }
  }

  /// The container's own control group in /sys/fs/cgroup; nil when it lives in its caller's.
  var cgroup: String? {
    guard let text = try? FileTree.readText("/proc/\(first)/cgroup", limit: 65_536) else {
      return nil
    }
    for line in text.split(separator: "\n") where line.hasPrefix("0::") {
      let parts = line.dropFirst(3).split(separator: "/")
      guard let at = parts.firstIndex(where: { $0 == id || $0 == "martlet-\(id)" }) else {
        continue
      }
      let path = "\(HostCgroup.mountPoint)/\(parts[...at].joined(separator: "/"))"
      if FileTree.exists("\(path)/cgroup.procs") { return path }
    }
    return nil
  }

  private static func members(of cgroup: String) -> [Int32] {
    let text = (try? FileTree.readText("\(cgroup)/cgroup.procs", limit: 1 << 24)) ?? ""
    var pids = text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
    for name in (try? FileTree.list(cgroup)) ?? [] {
      let inner = "\(cgroup)/\(name)"
      if FileTree.exists("\(inner)/cgroup.procs") { pids += members(of: inner) }
    }
    return pids.sorted()
  }

  private func descendants(among all: [Int32]) -> [Int32] {
    var children: [Int32: [Int32]] = [:]
    for pid in all {
      guard let stat = ProcessStat(pid) else { continue }
      children[stat.parent, default: []].append(pid)
    }
    var found: [Int32] = []
    var pending = [first]
    while let pid = pending.popLast() {
      found.append(pid)
      pending += children[pid] ?? []
    }
    return found.sorted()
  }
}

/// What /proc/PID/stat says (proc_pid_stat(5)); times in ticks of 1/100 s.
struct ProcessStat {
  var command: String
  var state: String
  var parent: Int32
  var group: Int32
  var terminal: Int
  var userTime: UInt64
  var systemTime: UInt64
  var nice: Int
  var started: UInt64
  /// Bytes.
  var virtualSize: UInt64
  var residentPages: UInt64

  static let ticks: UInt64 = 100

  /// Nil when the process is gone.
  init?(_ pid: Int32) {
    guard let text = try? FileTree.readText("/proc/\(pid)/stat", limit: 4_096),
      let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 21 else { return nil }
    command = String(text[text.index(after: open)..<close])
    state = String(fields[0])
    parent = Int32(fields[1]) ?? 0
    group = Int32(fields[2]) ?? 0
    terminal = Int(fields[4]) ?? 0
    userTime = UInt64(fields[11]) ?? 0
    systemTime = UInt64(fields[12]) ?? 0
    nice = Int(fields[16]) ?? 0
    started = UInt64(fields[19]) ?? 0
    virtualSize = UInt64(fields[20]) ?? 0
    residentPages = UInt64(fields[21]) ?? 0
  }
}
