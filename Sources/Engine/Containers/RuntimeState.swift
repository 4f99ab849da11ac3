import LinuxSystem
import Model
import UserNamespaces

/// What an OCI runtime keeps of a container whose monitor was killed before it could delete it.
struct RuntimeState {
  private let context: EngineContext

  init(_ context: EngineContext) { self.context = context }

  /// Has the runtime forget the container, with its cgroup.
  func forget(_ config: ContainerConfig) throws {
    // What the runtime does not know any more may still have its cgroup, frozen.
    defer { HostCgroup.removeEmpty(of: config, isMachineRoot: context.uid == 0) }
    let path = "\(context.runtimeState)/\(config.id)"
    guard FileTree.exists(path) else { return }
    let runtime = try context.runtimePath(config.lifecycle.runtime)
    let null = try OwnedDescriptor.open("/dev/null", [.readWrite])
    var program = Program(
      runtime, context.runtimeArguments + ["delete", "--force", config.id],
      environment: context.helperEnvironment)
    program.descriptors = [(0, null.raw), (1, null.raw), (2, null.raw)]
    let child = try context.userNamespace().spawn {
      do throws(SystemError) { try program.become() } catch { return 125 }
    }
    if let process = try ProcessHandle.find(child.pid),
      try !process.waitForEnd(milliseconds: 10_000)
    {
      // One that hangs holds nobody up for ever.
      try child.kill(SignalSet.kill)
    }
    _ = try child.wait()
    // A runtime that cannot do it must not keep the id from being used again.
    try FileTree.removeTree(path)
  }
}
