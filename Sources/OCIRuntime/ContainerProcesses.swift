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

  /// The lines of ps(1) for these processes, heading first; their ids alone where there is no ps.
  ///
  /// `options` are ps's own, by default `-ef`; among its columns must be PID.
  public func table(_ options: [String]) throws(RuntimeError) -> String {
    let pids = try list()
    guard let program = Program.find("ps", in: Program.systemDirectories) else {
      return "PID\n" + pids.map { "\($0)\n" }.joined()
    }
    let output = try during("run ps") { () throws(SystemError) in
      try Program(program, options.isEmpty ? ["-ef"] : options).run()
    }
    guard output.end == .exited(0) else {
      throw .unusable(field: "ps", output.errors.split(separator: "\n").joined(separator: "; "))
    }
    let lines = output.text.split(separator: "\n")
    guard let heading = lines.first,
      let column = heading.split(separator: " ").firstIndex(of: "PID")
    else { throw .unusable(field: "ps", "its output has no column PID") }
    let wanted = Set(pids)
    let rows = lines.dropFirst().filter { line in
      let fields = line.split(separator: " ")
      return fields.count > column && Int32(fields[column]).map(wanted.contains) == true
    }
    return ([heading] + rows).map { $0 + "\n" }.joined()
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
