import LinuxSystem
import OCISpec

/// A group of Intel RDT or its like: cache and memory bandwidth (config-linux.md#intelrdt; kernel,
/// filesystems/resctrl).
struct ResourceGroup: Equatable, Sendable {
  /// The group's directory.
  var directory: String
  /// Lines of its `schemata`.
  var schemata: [String]
  /// The name of a monitoring group below it; nil is none.
  var monitor: String?
  /// Whether the configuration named the group, which may then be there before and stay after.
  var isNamed: Bool

  init(_ rdt: RuntimeIntelRDT, id: String, root: String = "/sys/fs/resctrl")
    throws(RuntimeError)
  {
    guard FileTree.exists("\(root)/schemata") else {
      throw .unusable(
        field: "linux.intelRdt", "no resctrl is mounted at \(root) (or this machine has none)")
    }
    let name = rdt.closID ?? id
    guard name == "/" || (!name.isEmpty && !name.contains("/") && name != "." && name != "..")
    else {
      throw .unusable(field: "linux.intelRdt.closID", "`\(name)` is not the name of a group")
    }
    isNamed = rdt.closID != nil
    directory = name == "/" ? root : "\(root)/\(name)"
    schemata = rdt.schemata
    for line in [rdt.l3CacheSchema, rdt.memBwSchema] {
      if let line, !line.isEmpty { schemata += line.split(separator: "\n").map(String.init) }
    }
    let monitors = rdt.enableMonitoring ?? false || rdt.enableCMT ?? false || rdt.enableMBM ?? false
    monitor = monitors ? id : nil
  }

  /// Makes the group where it is missing and puts a process into it; the directory to remove with
  /// the container, if there is one.
  func join(_ pid: Int32) throws(RuntimeError) -> String? {
    var own: String?
    try during("set linux.intelRdt") { () throws(SystemError) in
      if !FileTree.exists(directory) {
        try FileTree.makeDirectory(directory)
        own = directory
      }
    }
    do throws(RuntimeError) {
      try during("set linux.intelRdt") { () throws(SystemError) in
        if !schemata.isEmpty {
          try FileTree.write("\(directory)/schemata", schemata.joined(separator: "\n") + "\n")
        }
        try FileTree.write("\(directory)/tasks", "\(pid)")
        if let monitor {
          let group = "\(directory)/mon_groups/\(monitor)"
          try FileTree.ensureDirectory(group, mode: 0o755)
          try FileTree.write("\(group)/tasks", "\(pid)")
          if own == nil { own = group }
        }
      }
    } catch {
      if let own { try? Self.remove(own) }
      throw error
    }
    return own
  }

  /// Gone is fine.
  static func remove(_ directory: String) throws(SystemError) {
    do throws(SystemError) { try FileTree.removeDirectory(directory) } catch {
      guard error.errno == Errno.noEntry else { throw error }
    }
  }
}
