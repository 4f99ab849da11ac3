import Cgroups
import LinuxSystem
import Model
public import OCISpec

/// `create` and `run`: makes a container of a bundle.
public struct CreateContainer {
  public var id: String
  public var bundle = "."
  /// Relative to the bundle.
  public var config = "config.json"
  /// What that file says, for a caller that has it in memory; nil: it is read.
  public var spec: RuntimeSpec?
  /// A pipe on which a byte lets the program begin, for `run`; its end ends the container.
  public var gate: Int32?
  /// A file with the process id, for whoever watches the container.
  public var pidFile: String?
  /// A socket that takes the terminal's master side.
  public var consoleSocket: String?
  /// A socket that takes the process's pidfd.
  public var pidfdSocket: String?
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
    var spec = if let spec { spec } else { try context.loadSpec(bundle, file: config) }
    if ImplicitUserNamespace.isNeeded(spec) { spec = ImplicitUserNamespace().added(to: spec) }
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
    /// Listens for the process's messages to the service manager, or -1.
    var notify: Int32 = -1
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
    plan.gate = gate
    if !waitsForStart && consoleSocket == nil { plan.process.takeSizeOfOurTerminal() }
    plan.process.keyring = noNewKeyring ? nil : "martlet-\(id)"
    plan.process.preservedDescriptors = try checkPreserved(&plan.process)
    plan.process.capabilities.report(to: context)
    plan.process.filter = try SeccompProgram(spec, cache: context.filterCache)
    plan.process.filter.report(to: context)
    plan.cgroupLayout = HostCgroups.layout()
    let notify = try prepareNotify(&plan, states.directory(of: id))
    try plan.mountHome?.openPlace(plan.rootfs)
    plan.mounts = try MountPreparation(plan: plan).prepare()
    plan.rootfsTree = MountPreparation(plan: plan).rootTree()
    let devices = DevicePreparation(plan: plan, directory: states.directory(of: id))
    plan.preparedDevices = try devices.prepare()
    defer { devices.clean(plan.preparedDevices.count) }
    let console = try connectConsole(plan.process.terminal)
    if let console { plan.consoleSocket = console }
    var record = try record(id, bundle, spec)
    let manager = try makeCgroup(&record, spec)
    do throws(RuntimeError) {
      // Whoever kills us from here on leaves a record by which `delete --force` finds the cgroups.
      if record.cgroup != nil || manager != nil { try states.save(record, id) }
      let launcher = InitLauncher(
        plan: plan, spec: spec, directory: states.directory(of: id), manager: manager)
      var created = try launcher.launch(&record, listens: waitsForStart) {
        (record) throws(RuntimeError) in
        guard record.pid != 0 else { return try states.save(record, id) }
        context.debug { "container `\(id)`: process \(record.pid), cgroups \(record.cgroups)" }
        try states.save(record, id)
        try writePIDFile(record.pid)
        try PIDFDSocket.send(record.pid, to: pidfdSocket)
      }
      created.notify = notify
      return created
    } catch {
      // What failed is the news.
      try? record.sharedMount?.detach()
      if let scope = record.systemdScope { try? SystemdCgroupManager.stop(scope) }
      if let group = record.resourceGroup { try? ResourceGroup.remove(group) }
      try? record.cgroup?.remove()
      throw error
    }
  }

  /// The socket for sd_notify(3), or -1: `start` listens itself.
  private func prepareNotify(_ plan: inout ContainerPlan, _ directory: String)
    throws(RuntimeError) -> Int32
  {
    guard let proxy = NotifyProxy(stateDirectory: directory), try proxy.prepare(&plan),
      !waitsForStart
    else { return -1 }
    return try proxy.listen()?.release() ?? -1
  }

  /// What is remembered of a container that has no process yet.
  func record(_ id: ContainerID, _ bundle: String, _ spec: RuntimeSpec) throws(RuntimeError)
    -> StateRecord
  {
    guard let root = spec.root, !root.path.isEmpty else {
      throw .unusable(field: "root.path", "is missing")
    }
    var record = StateRecord()
    record.id = id.text
    record.bundle = bundle
    record.config = config == "config.json" ? nil : config
    record.rootfs = root.path.hasPrefix("/") ? root.path : "\(bundle)/\(root.path)"
    record.boot = BootID.current
    record.created = Timestamp.format(Clock.realtime())
    record.owner = CurrentProcess.effectiveUser
    record.annotations = spec.annotations
    record.hasHooks =
      !(spec.hooks?.poststart ?? []).isEmpty || !(spec.hooks?.poststop ?? []).isEmpty
    return record
  }

  /// Makes the cgroup by hand, or gives the manager that makes it when there is a process.
  func makeCgroup(_ record: inout StateRecord, _ spec: RuntimeSpec) throws(RuntimeError)
    -> SystemdCgroupManager?
  {
    let asked = spec.linux?.resources?.askedFields ?? []
    guard !context.disablesCgroups else {
      guard let field = asked.first else { return nil }
      throw .unusable(field: field, "no limit can be set with --cgroup-manager=disabled")
    }
    do throws(CgroupError) {
      guard !context.systemdCgroup else {
        let manager = try SystemdCgroupManager(path: spec.linux?.cgroupsPath, id: record.id)
        record.systemdScope = manager.unit
        return manager
      }
      record.cgroup = try FileCgroupManager().make(
        path: spec.linux?.cgroupsPath, id: record.id, limits: spec.linux?.resources,
        required: context.needsCgroup)
      return nil
    } catch { throw .reported(error.report) }
  }

  func writePIDFile(_ pid: Int32) throws(RuntimeError) {
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
      try UnixSocket.connect(path: consoleSocket)
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
      let names = CurrentProcess.environment("LISTEN_FDNAMES").map { ["LISTEN_FDNAMES=\($0)"] }
      process.environment = EnvironmentList.withoutRepeats(
        process.environment + ["LISTEN_FDS=\(listening)", "LISTEN_PID=1"] + (names ?? []))
    }
    return count
  }
}
