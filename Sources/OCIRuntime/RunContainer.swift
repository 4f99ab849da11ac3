import LinuxSystem
import Model
import OCISpec

/// `run`: create and start in one, in the foreground unless detached.
public struct RunContainer {
  public var create: CreateContainer
  public var detach = false
  /// Leaves the container's state behind after its end.
  public var keep = false
  /// An event counter (eventfd(2)) that is added to when the program of a detached container has begun
  /// and nothing is left to do but to end, which takes a while.
  ///
  /// Not by a call that has passed on the container's readiness (NOTIFY_SOCKET).
  public var started: Int32?

  public init(_ create: CreateContainer) {
    self.create = create
    self.create.waitsForStart = false
  }

  /// The exit status: the process's own, or 0 when detached.
  public func run() throws(RuntimeError) -> Int32 {
    let created = try create.run()
    let context = create.context
    let record = created.record
    let id = try ContainerID(record.id)
    try HookRunner.runPoststart(of: record, created.spec, context: context)
    let proxy = NotifyProxy(stateDirectory: context.states.directory(of: id))
    let (pid, pidfd, listener) = (record.pid, created.child.pidfd.raw, created.notify)
    if detach {
      if let proxy, listener >= 0 {
        proxy.relay(listener, pidfd, pid: pid)
      } else if let started {
        // Whoever does not read it waits for our end.
        try? Descriptor.writeAll(started, [1, 0, 0, 0, 0, 0, 0, 0])
      }
      return 0
    }
    if let proxy, listener >= 0 {
      // It ends with the container; this process has signals and a terminal to look after.
      _ = try during("pass messages to NOTIFY_SOCKET") { () throws(SystemError) in
        try ChildProcess.spawn {
          proxy.relay(listener, pidfd, pid: pid)
          return 0
        }
      }
    }
    let end = try ForegroundProcess(terminal: created.terminal).wait(for: created.child)
    if !keep {
      var delete = DeleteContainer(record.id, context: context)
      delete.force = true
      try delete.clean(record, id)
    }
    return end.shellStatus
  }
}
