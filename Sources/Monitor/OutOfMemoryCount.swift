import LinuxSystem

/// The kernel's count of processes killed for lack of memory in a container's cgroup.
struct OutOfMemoryCount {
  private let path: String
  private let before: Int

  /// Nil when nothing counts for this container alone: no memory controller, or it shares the
  /// monitor's own cgroup, where a stranger's end would be counted as its own.
  init?(of pid: Int32) {
    guard let theirs = Self.path(of: pid), theirs != Self.path(of: CurrentProcess.id),
      let count = Self.count(theirs)
    else { return nil }
    path = theirs
    before = count
  }

  /// Whether a process was killed since this was made; false when the cgroup is gone.
  var hasGrown: Bool { (Self.count(path) ?? 0) > before }

  /// cgroup v2's memory.events, or v1's memory.oom_control (cgroups(7)).
  private static func path(of pid: Int32) -> String? {
    guard let text = try? FileTree.readText("/proc/\(pid)/cgroup", limit: 65_536) else {
      return nil
    }
    var found: String?
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].split(separator: ",").contains("memory") {
        return "/sys/fs/cgroup/memory\(parts[2])/memory.oom_control"
      }
      if parts[0] == "0" { found = "/sys/fs/cgroup\(parts[2])/memory.events" }
    }
    return found
  }

  private static func count(_ path: String) -> Int? {
    guard let text = try? FileTree.readText(path, limit: 4_096) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") {
      return Int(line.dropFirst(9))
    }
    return nil
  }
}
