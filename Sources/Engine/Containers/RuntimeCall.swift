import LinuxSystem
import Model
import StateStore

/// Runs a container's OCI runtime where it was run before: in the namespaces of its monitor.
struct RuntimeCall {
  private let context: EngineContext
  private let store: ContainerStore

  init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// Runs one command of the runtime on a container that lives, to its end.
  ///
  /// `input`: what the command reads on its standard input.
  func run(_ config: ContainerConfig, pid: Int32, _ arguments: [String], input: String? = nil)
    throws
  {
    let log = try OwnedDescriptor.anonymousFile("log")
    let null = try OwnedDescriptor.open("/dev/null", [.readWrite])
    let given = try OwnedDescriptor.anonymousFile("input", content: input ?? "")
    var program = Program(
      try context.runtimePath(config.lifecycle.runtime),
      context.runtimeArguments + ["--log", "/proc/self/fd/3", "--log-format", "json"] + arguments
        + [config.id], environment: context.helperEnvironment)
    program.descriptors = [
      (0, input == nil ? null.raw : given.raw), (1, null.raw), (2, null.raw), (3, log.raw),
    ]
    let child = try ChildProcess.spawn {
      do {
        try enterNamespaces(config.id, pid)
        try program.become()
      } catch { return 125 }
    }
    guard try child.wait() != .exited(0) else { return }
    let what = arguments.first ?? ""
    throw try RuntimeLog.report(log.raw, command: arguments)
      ?? ErrorReport(.unavailable, "the runtime could not \(what) container \(config.name)")
  }

  /// Joins the namespaces of the container's monitor, or, when it is gone, the container's own user
  /// namespace.
  func enterNamespaces(_ id: String, _ pid: Int32) throws {
    if context.uid == 0 { return }
    let live = try RecordStore(store.liveDirectory(id)).find("state")
    let held = try FileLock.isHeld(store.monitorLock(id))
    if held, let monitor = live?.integer("monitor"),
      let process = try ProcessHandle.find(Int32(truncatingIfNeeded: monitor))
    {
      try Namespace.join([.user, .mount], of: process.pidfd.raw)
    } else {
      let namespace = try OwnedDescriptor.open("/proc/\(pid)/ns/user")
      try Namespace.user.join(namespace.raw)
    }
    try CurrentProcess.becomeRoot()
  }
}
