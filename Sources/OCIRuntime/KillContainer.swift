import Cgroups
import LinuxSystem
import OCISpec

/// `kill`: sends a signal to a container's process, or to all of them.
public struct KillContainer {
  public var id: String
  public var signal: Int32
  public var all = false
  public var context: RuntimeContext

  public init(_ id: String, signal: Int32, context: RuntimeContext) {
    self.id = id
    self.signal = signal
    self.context = context
  }

  public func run() throws(RuntimeError) {
    let id = try ContainerID(id)
    let record = try context.states.load(id)
    // Without a pid namespace of its own the container's other processes would live on.
    let takesAll = all || (signal == 9 && !record.hasOwnProcessIDs)
    if takesAll, let cgroup = record.cgroup {
      return try during("signal all processes of `\(id)`") { () throws(SystemError) in
        try cgroup.killAll(signal)
      }
    }
    guard record.isAlive else {
      // Of a shared pid namespace others may be left.
      if signal == 9, let cgroup = record.cgroup, (try? cgroup.processes())?.isEmpty == false {
        return try during("kill what is left of `\(id)`") { () throws(SystemError) in
          try cgroup.killAll(signal)
        }
      }
      // All of none: nothing is left to do.
      if all { return }
      throw .notRunning(id.text)
    }
    try record.signal(signal)
  }
}

extension StateRecord {
  /// Whether the first process's end is the end of all (pid_namespaces(7)).
  var hasOwnProcessIDs: Bool {
    guard let theirs = Namespace.pid.identity(of: "\(pid)") else { return true }
    return theirs != Namespace.pid.identity()
  }

  /// Signals the first process, checked to be the one that the record means.
  func signal(_ number: Int32) throws(RuntimeError) {
    try during("signal `\(id)`") { () throws(SystemError) in
      guard let process = try ProcessHandle.find(pid), isAlive else {
        throw SystemError("kill", "\(pid)", errno: Errno.noProcess)
      }
      try process.kill(number)
    }
  }
}
