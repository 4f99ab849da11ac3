public import LinuxSystem

/// How the host has its control groups mounted.
public enum HostCgroups {
  public enum Layout: Sendable, Equatable {
    /// cgroup v2 alone on /sys/fs/cgroup.
    case unified
    /// cgroup v1 controllers below /sys/fs/cgroup, perhaps with cgroup v2 beside them.
    case legacy
    case none
  }

  public static let mountPoint = "/sys/fs/cgroup"

  public static func layout() -> Layout {
    guard let root = try? OwnedDescriptor.open(mountPoint, [.path, .directory]),
      let magic = try? MountCall.filesystemMagic(root.raw)
    else { return .none }
    if magic == MountCall.Magic.cgroup2 { return .unified }
    return magic == MountCall.Magic.tmpfs ? .legacy : .none
  }

  /// The v2 directory that a process is in, as this cgroup namespace sees it; nil without v2 alone
  /// on the mount point.
  public static func unifiedDirectory(of pid: Int32) throws(SystemError) -> String? {
    guard layout() == .unified else { return nil }
    let text = try FileTree.readText("/proc/\(pid)/cgroup")
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }),
      !line.hasPrefix("0::/..")
    else { return nil }
    return mountPoint + line.dropFirst(3)
  }

  /// Hierarchies of v1 by their directory's name: controllers, or `name=systemd`; `unified` is v2.
  public static func legacyHierarchies() throws(SystemError) -> [(name: String, options: String)] {
    var found: [(name: String, options: String)] = []
    for line in try FileTree.readText("/proc/self/mounts").split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 3, fields[1].hasPrefix(mountPoint + "/") else { continue }
      let name = String(fields[1].dropFirst(mountPoint.count + 1))
      guard !name.contains("/") else { continue }
      if fields[2] == "cgroup2" { found.append((name, "")) }
      guard fields[2] == "cgroup" else { continue }
      let general: Set<Substring> = [
        "rw", "ro", "nosuid", "nodev", "noexec", "relatime", "noatime", "xattr", "clone_children",
      ]
      let options = fields[3].split(separator: ",").filter { !general.contains($0) }
      found.append((name, options.joined(separator: ",")))
    }
    return found
  }
}
