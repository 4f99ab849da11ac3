import LinuxSystem

/// What this machine's cgroup file system looks like from here (cgroups(7)).
enum HostCgroup {
  /// Whether /sys/fs/cgroup is the unified hierarchy.
  static var hasUnified: Bool {
    FileTree.exists("/sys/fs/cgroup/cgroup.controllers")
  }
}
