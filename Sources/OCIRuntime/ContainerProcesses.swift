import Cgroups
import LinuxSystem
import OCISpec

/// `ps`: the processes of a container, by their ids on the host.
public struct ContainerProcesses {
  public var id: String
  public var context: RuntimeContext

  public init(_ id: String, context: RuntimeContext) {
    self.id = id
    self.context = context
  }

  /// Sorted.
  ///
  /// Without a cgroup of its own: what shares the first process's pid namespace.
  public func list() throws(RuntimeError) -> [Int32] {
    let id = try ContainerID(id)
    let record = try context.states.load(id)
    guard record.isAlive else { return [] }
    if let cgroup = record.cgroup {
      return try during("list the processes of `\(id)`") { () throws(SystemError) in
        try cgroup.processes().sorted()
      }
    }
    guard let space = Namespace.pid.identity(of: "\(record.pid)"),
      space != Namespace.pid.identity()
    else { return [record.pid] }
    return try during("list the processes of `\(id)`") { () throws(SystemError) in
      try FileTree.list("/proc").compactMap { Int32($0) }
        .filter { Namespace.pid.identity(of: "\($0)") == space }.sorted()
    }
  }
}
