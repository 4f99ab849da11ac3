import Cgroups
import LinuxSystem
import OCISpec

/// `create` and `run`: makes a container of a bundle.
public struct CreateContainer {
  public var id: String
  public var bundle = "."
  /// A file with the process id, for whoever watches the container.
  public var pidFile: String?
  /// A socket that takes the terminal's master side.
  public var consoleSocket: String?
  public var noPivot = false
  public var noNewKeyring = false
  public var preservedDescriptors: Int32 = 0
  /// Whether the process waits for `start`.
  public var waitsForStart = true
  public var context: RuntimeContext

  public init(_ id: String, context: RuntimeContext) {
    self.id = id
    self.context = context
  }

  /// Makes the container; the child that it returns is its first process.
  func run() throws(RuntimeError) -> Created {
    let id = try ContainerID(id)
    let bundle = try during("find the bundle \(bundle)") { () throws(SystemError) in
      try FileTree.resolve(self.bundle)
    }
    let spec = try context.loadSpec(bundle)
    let states = context.states
    try states.claim(id)
    do throws(RuntimeError) {
      return try create(id, bundle, spec, states)
    } catch {
      // What failed is reported; what cannot be removed is found by `delete --force`.
      try? states.remove(id)
      throw error
    }
  }

  struct Created: ~Copyable {
    var child: ChildProcess
    var record: StateRecord
    var spec: RuntimeSpec
    /// The terminal's master side when there was no console socket, or -1.
    var terminal: Int32
  }

  private func create(
    _ id: ContainerID, _ bundle: String, _ spec: RuntimeSpec, _ states: StateDirectory
  ) throws(RuntimeError) -> Created {
    let initial = try during("read the user namespace's map") { () throws(SystemError) in
      try Credentials.isInitialUserNamespace()
    }
    var plan = try ContainerPlan(
      id: id, bundle: bundle, spec: spec, initialUserNamespace: initial)
    plan.pivots = !noPivot
    plan.process.keyring = noNewKeyring ? nil : "martlet-\(id)"
    plan.process.preservedDescriptors = try checkPreserved(&plan.process)
    for name in plan.process.capabilities.unknown {
      context.warn("unknown capability `\(name)` ignored")
    }
    if let profile = spec.linux?.seccomp {
      plan.process.filter = try SeccompProgram(profile, cache: context.filterCache)
    }
    plan.cgroupLayout = HostCgroups.layout()
    plan.mounts = try MountPreparation(plan: plan).prepare()
    let console = try connectConsole(plan.process.terminal)
    if let console { plan.consoleSocket = console }
    var record = StateRecord()
    record.id = id.text
    record.bundle = bundle
    record.rootfs = plan.rootfs
    record.boot = StateDirectory.bootID()
    record.created = Timestamp.text(nanoseconds: Clock.realtime())
    record.owner = CurrentProcess.effectiveUser
    record.annotations = spec.annotations
    let hooks = plan.hooks
    record.hasHooks = !hooks.poststart.isEmpty || !hooks.poststop.isEmpty
    let manager = try makeCgroup(&record, spec)
    do throws(RuntimeError) {
      // Whoever kills us from here on leaves a record by which `delete --force` finds the cgroups.
      if record.cgroup != nil || manager != nil { try states.save(record, id) }
      let launcher = InitLauncher(
        plan: plan, spec: spec, directory: states.directory(of: id), manager: manager)
      return try launcher.launch(&record, listens: waitsForStart) { (record) throws(RuntimeError) in
        try states.save(record, id)
        try writePIDFile(record.pid)
      }
    } catch {
      // What failed is the news.
      if let scope = record.systemdScope { try? SystemdCgroupManager.stop(scope) }
      try? record.cgroup?.remove()
      throw error
    }
  }

  /// Makes the cgroup by hand, or gives the manager that makes it when there is a process.
  private func makeCgroup(_ record: inout StateRecord, _ spec: RuntimeSpec) throws(RuntimeError)
    -> SystemdCgroupManager?
  {
    do throws(CgroupError) {
      guard !context.systemdCgroup else {
        let manager = try SystemdCgroupManager(path: spec.linux?.cgroupsPath, id: record.id)
        record.systemdScope = manager.unit
        return manager
      }
      record.cgroup = try FileCgroupManager().make(
        path: spec.linux?.cgroupsPath, id: record.id, limits: spec.linux?.resources,
        warn: context.warn)
      return nil
    } catch { throw .reported(error.report) }
  }

  private func writePIDFile(_ pid: Int32) throws(RuntimeError) {
    guard let pidFile else { return }
    try during("write the pid file \(pidFile)") { () throws(SystemError) in
      // Whoever waits for the file must never see half of it.
      try FileTree.write("\(pidFile).\(pid)", "\(pid)", mode: 0o644)
      try FileTree.rename("\(pidFile).\(pid)", to: pidFile)
    }
  }

  private func connectConsole(_ terminal: Bool) throws(RuntimeError) -> Int32? {
    guard let consoleSocket else {
      guard !terminal || !waitsForStart else {
        throw .unusable(
          field: "process.terminal", "the container wants a terminal: --console-socket is needed")
      }
      return nil
    }
    guard terminal else {
      throw .unusable(
        field: "--console-socket", "the container has no terminal (process.terminal)")
    }
    let socket = try during("connect to the console socket") { () throws(SystemError) in
      try PathSocket.connect(path: consoleSocket)
    }
    return socket.release()
  }

  /// --preserve-fds, and the sockets that systemd handed over (sd_listen_fds(3)).
  private func checkPreserved(_ process: inout ProcessPlan) throws(RuntimeError) -> Int32 {
    guard preservedDescriptors >= 0, preservedDescriptors < 1_024 else {
      throw .unusable(field: "--preserve-fds", "is not between 0 and 1023")
    }
    var count = preservedDescriptors
    if let text = CurrentProcess.environment("LISTEN_FDS"), let listening = Int32(text),
      (1...1_000).contains(listening),
      CurrentProcess.environment("LISTEN_PID").map({ Int32($0) == CurrentProcess.id }) ?? true
    {
      count += listening
      process.environment += ["LISTEN_FDS=\(listening)", "LISTEN_PID=1"]
      if let names = CurrentProcess.environment("LISTEN_FDNAMES") {
        process.environment.append("LISTEN_FDNAMES=\(names)")
      }
    }
    for fd in 3..<(3 + preservedDescriptors) where !Descriptor.isOpen(fd) {
      throw .unusable(field: "--preserve-fds", "descriptor \(fd) is not open")
    }
    return count
  }
}
