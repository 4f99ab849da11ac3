import LinuxSystem
import OCISpec

/// Writes the maps of a new user namespace (user_namespaces(7)).
struct IDMapWriter {
  var uids: [RuntimeIDMapping]
  var gids: [RuntimeIDMapping]

  /// By hand where the caller may, else by newuidmap(1) and newgidmap(1).
  func write(for pid: Int32) throws(RuntimeError) {
    if isOwnID {
      // An unprivileged caller may map itself alone, if it gives up setgroups(2).
      try during("write the id maps of \(pid)") { () throws(SystemError) in
        if CurrentProcess.effectiveUser != 0 {
          try FileTree.write("/proc/\(pid)/setgroups", "deny")
        }
        try FileTree.write("/proc/\(pid)/gid_map", text(gids))
        try FileTree.write("/proc/\(pid)/uid_map", text(uids))
      }
      return
    }
    guard CurrentProcess.effectiveUser == 0 else {
      try runHelper("newuidmap", pid, uids)
      return try runHelper("newgidmap", pid, gids)
    }
    try during("write the id maps of \(pid)") { () throws(SystemError) in
      try FileTree.write("/proc/\(pid)/gid_map", text(gids))
      try FileTree.write("/proc/\(pid)/uid_map", text(uids))
    }
  }

  private var isOwnID: Bool {
    uids.count == 1 && uids[0].size == 1 && uids[0].hostID == CurrentProcess.effectiveUser
      && gids.count == 1 && gids[0].size == 1 && gids[0].hostID == CurrentProcess.effectiveGroup
  }

  private func text(_ map: [RuntimeIDMapping]) -> String {
    map.map { "\($0.containerID) \($0.hostID) \($0.size)\n" }.joined()
  }

  private func runHelper(_ name: String, _ pid: Int32, _ map: [RuntimeIDMapping])
    throws(RuntimeError)
  {
    // Never from PATH: it is a set-user-id program that gets our numbers.
    guard let path = Program.find(name, in: Program.systemDirectories) else {
      throw .unusable(
        field: "linux.uidMappings",
        "\(name) is needed to map these ids and is not installed (Debian package uidmap)")
    }
    var arguments = ["\(pid)"]
    for line in map { arguments += ["\(line.containerID)", "\(line.hostID)", "\(line.size)"] }
    let program = Program(path, arguments, environment: ["LC_ALL=C"])
    let output = try during("run \(path)") { () throws(SystemError) in try program.run() }
    guard output.end == .exited(0) else {
      throw .unusable(
        field: name == "newuidmap" ? "linux.uidMappings" : "linux.gidMappings",
        "\(name) refused: \(output.errors.split(separator: "\n").joined(separator: "; "))")
    }
  }
}
