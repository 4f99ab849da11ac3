import LinuxSystem
import Model

/// What this machine's cgroup file system looks like from here (cgroups(7)).
enum HostCgroup {
  static let mountPoint = "/sys/fs/cgroup"

  /// Whether /sys/fs/cgroup is the unified hierarchy.
  static var hasUnified: Bool { FileTree.exists("\(mountPoint)/cgroup.controllers") }

  /// The cgroup of container `id` below one that the caller names (`--cgroup-parent`).
  static func path(for id: String, below parent: String) throws(ErrorReport) -> String {
    let place = parent.hasPrefix("/") ? parent : "/\(parent)"
    let top = hasUnified ? mountPoint : "\(mountPoint)/unified"
    let parts = place.split(separator: "/")
    guard !parts.contains(".."), FileTree.isWritable("\(top)\(place)") else {
      throw ErrorReport(
        .notPermitted, "control group \(place) cannot be used: it must exist and be writable")
    }
    return "/" + (parts + ["martlet-\(id)"]).joined(separator: "/")
  }

  /// Removes the cgroup of a container that nobody runs; one with processes stays (rmdir(2), EBUSY).
  static func removeEmpty(of config: ContainerConfig, isMachineRoot: Bool) {
    let parent = config.resources.cgroupParent
    let place =
      parent.map { try? path(for: config.id, below: $0) }
      ?? path(for: config.id, isMachineRoot: isMachineRoot)
    guard let place else { return }
    removeEmpty("\(hasUnified ? mountPoint : "\(mountPoint)/unified")\(place)")
  }

  private static func removeEmpty(_ directory: String) {
    // Mostly it is not there.
    guard let names = try? FileTree.list(directory) else { return }
    for name in names where (try? FileStatus.of("\(directory)/\(name)"))?.kind == .directory {
      removeEmpty("\(directory)/\(name)")
    }
    try? FileTree.removeDirectory(directory)
  }

  /// Where the cgroup of container `id` can be made: for root at the top, for others beside or
  /// below the caller's own group if that was delegated; nil if nowhere.
  static func path(for id: String, isMachineRoot: Bool) -> String? {
    if isMachineRoot { return "/martlet/\(id)" }
    guard hasUnified, let text = try? FileTree.readText("/proc/self/cgroup", limit: 65_536),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
    else { return nil }
    let own = String(line.dropFirst(3))
    // Beside is better: a group with processes cannot hand controllers on to groups below it.
    let parent = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? ""
    for place in [parent, own == "/" ? "" : own] where !place.isEmpty {
      if FileTree.isWritable("\(mountPoint)\(place)/cgroup.procs"),
        FileTree.isWritable("\(mountPoint)\(place)")
      {
        return "\(place)/martlet-\(id)"
      }
    }
    return nil
  }
}
