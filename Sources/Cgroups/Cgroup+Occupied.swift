import LinuxSystem

extension Cgroup {
  /// Refuses a group that was there before the container with processes in it, which `kill` and
  /// `delete` would end with the container's, or frozen, where nothing could start.
  func checkIsFree() throws(CgroupError) {
    for directory in directories {
      let group = Cgroup(directories: [directory], layout: layout)
      let processes: [Int32]
      do throws(SystemError) { processes = try group.processes() } catch {
        throw .system("list the processes of \(directory)", error)
      }
      guard processes.isEmpty else {
        throw .occupied(
          problem: "is not empty: \(processes.count) process(es) in \(directory)",
          hint: "use another linux.cgroupsPath")
      }
    }
    guard let directory = directories.first, isFrozen else { return }
    throw .occupied(
      problem: "unexpectedly frozen: \(directory)",
      hint: "thaw it, or use another linux.cgroupsPath")
  }
}
