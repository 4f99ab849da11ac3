import LinuxSystem
import Model
import OCISpec

/// The container's first process before it is the container's: walks the plan and becomes the
/// program.
///
/// Runs in the child of clone3(2).
struct InitStage: ~Copyable {
  let plan: ContainerPlan
  let channel: MessageChannel
  /// Where `start` knocks, or -1: go on at once.
  let startListener: Int32
  /// The state that hooks read on their standard input.
  let hookState: RuntimeState

  /// Returns only on failure, after telling whoever waits.
  consuming func run() -> Int32 {
    do throws(RuntimeError) {
      try prepare()
      guard startListener >= 0 else {
        try tellReady()
        try passGate()
        try finish(channel.descriptor.raw)
        return 1
      }
      // The kernel keeps from the first process of a pid namespace what it does not wait for.
      let signals = try during("wait for signals") { () throws(SystemError) in
        try SignalDescriptor([
          SignalSet.hangUp, SignalSet.interrupt, SignalSet.quit, SignalSet.terminate,
        ])
      }
      try tellReady()
      // A runtime that was killed before it wrote the state down must not leave us waiting for
      // ever.
      try awaitProceed()
      try showToOwner(true)
      return waitForStart(signals)
    } catch {
      tell(.failed(error.report))
      return 1
    }
  }

  private func tellReady() throws(RuntimeError) {
    try during("tell the runtime") { () throws(SystemError) in
      try channel.send(InitMessage.ready.bytes)
    }
  }

  private func passGate() throws(RuntimeError) {
    guard let gate = plan.gate else { return }
    guard let word = try? Descriptor.read(gate, upTo: 1), !word.isEmpty else {
      throw .reported(ErrorReport(.unavailable, "the container's monitor ended before its start"))
    }
  }

  private func tell(_ message: InitMessage) {
    // When the runtime has gone there is nobody to tell.
    try? channel.send(message.bytes)
  }

  /// The descriptors that came with the word.
  @discardableResult
  private func awaitProceed() throws(RuntimeError) -> [Int32] {
    let (message, descriptors) = try during("wait for the runtime") { () throws(SystemError) in
      try channel.receive()
    }
    guard case .proceed? = InitMessage(message) else { CurrentProcess.exitNow(1) }
    return descriptors
  }

  /// Everything up to `ready`.
  private func prepare() throws(RuntimeError) {
    try awaitProceed()
    try enterNamespaces()
    var root = try RootFilesystem(plan)
    try root.mountAll { (index) throws(RuntimeError) in
      tell(.copyMapped(index))
      guard let tree = try awaitProceed().first else { CurrentProcess.exitNow(1) }
      return tree
    }
    try root.makeDevices()
    if let home = plan.mountHome {
      root = try root.moved(to: home) { (mounts, place) throws(RuntimeError) in
        tell(.mounting(mounts, place))
        try awaitProceed()
      }
    }
    try takeTerminal(root)
    try root.protectPaths()
    try runHooks()
    try setSysctls()
    let directory = plan.process.workingDirectory
    // Missing is made; what cannot be is said when the process moves there.
    _ = try? root.root.ensureDirectory(directory)
    try root.seal()
    try root.enter()
    try root.applyPropagation()
    try ProcessStage(plan.process).assume()
  }

  private func setSysctls() throws(RuntimeError) {
    guard !plan.sysctls.isEmpty else { return }
    let proc = try ProcessFiles()
    for setting in plan.sysctls {
      try during("set the sysctl \(setting.path)") { () throws(SystemError) in
        try proc.write("sys/\(setting.path)", setting.value)
      }
    }
  }

  private func enterNamespaces() throws(RuntimeError) {
    if plan.makesUserNamespace { try becomeNamespaceRoot() }
    try during("set the oom score") { () throws(SystemError) in
      if let score = plan.process.oomScoreAdjustment {
        try FileTree.write("/proc/self/oom_score_adj", "\(score)")
      }
    }
    // From here on other processes of the joined namespaces may not look into this one
    // (CVE-2016-9962).
    try during("protect the init stage") { () throws(SystemError) in
      try CurrentProcess.setDumpable(false)
    }
    for entry in plan.joined where ![.user, .pid, .time].contains(entry.kind) {
      try during("join the \(entry.kind.rawValue) namespace") { () throws(SystemError) in
        try entry.kind.join(entry.descriptor)
      }
    }
    try during("start a session") { () throws(SystemError) in try CurrentProcess.startSession() }
    if plan.newCgroupNamespace {
      try during("make the cgroup namespace") { () throws(SystemError) in
        try Namespace.unshare([.cgroup])
      }
    }
    // Without loopback the container still runs; the kernel may lack IPv4.
    if plan.newNamespaces.contains(.network) { try? Namespace.bringLoopbackUp() }
    try during("set the host name") { () throws(SystemError) in
      if let name = plan.hostname { try Namespace.setHostname(name) }
      if let name = plan.domainname { try Namespace.setDomainname(name) }
    }
  }

  /// Root of the new user namespace, if it has one.
  private func becomeNamespaceRoot() throws(RuntimeError) {
    let covers = { (map: [RuntimeIDMapping]) in
      map.contains { $0.containerID == 0 && $0.size > 0 }
    }
    try during("become root of the user namespace") { () throws(SystemError) in
      if covers(plan.gidMap) { try Credentials.setGroup(0) }
      if covers(plan.uidMap) { try Credentials.setUser(0) }
    }
  }

  private func takeTerminal(_ root: borrowing RootFilesystem) throws(RuntimeError) {
    guard plan.process.terminal else { return }
    let terminal = try root.makeTerminal()
    try during("hand the terminal over") { () throws(SystemError) in
      if plan.consoleSocket >= 0 {
        try MessageChannel.send(
          plan.consoleSocket, Array("/dev/pts/\(terminal.number)".utf8),
          descriptors: [terminal.master.raw])
      } else {
        // What reads our output is no terminal: lines shall end as the program wrote them.
        if !Descriptor.isTerminal(1) { try PseudoTerminal.keepNewlines(terminal.peer.raw) }
        try channel.send(InitMessage.terminal.bytes, descriptors: [terminal.master.raw])
      }
      try PseudoTerminal.makeControlling(terminal.peer.raw)
      for fd in Int32(0)...2 { try Descriptor.replace(fd, with: terminal.peer.raw) }
    }
  }

  private func runHooks() throws(RuntimeError) {
    if !plan.hooks.prestart.isEmpty || !plan.hooks.createRuntime.isEmpty {
      tell(.runHooks)
      try awaitProceed()
    }
    try HookRunner(state: hookState).run(plan.hooks.createContainer, "createContainer")
  }

  /// The credentials' last part, and the program.
  private func finish(_ answer: Int32) throws(RuntimeError) {
    var state = hookState
    state.status = .created
    let (hookState, hooks) = (state, plan.hooks.startContainer)
    // The agent knows the process by its id in the pid namespace of the container's own.
    state.pid = CurrentProcess.id
    try ProcessStage(plan.process).execute(state, keeping: [answer]) {
      (environment) throws(RuntimeError) in
      try HookRunner(state: hookState, environment: environment).run(hooks, "startContainer")
    }
  }

  /// What the host has open is of no use from here on, and whoever may look at this process could
  /// take it over.
  private func forgetDescriptors(_ signals: Int32) {
    let kept = [startListener, plan.process.filter.listenerSocket, signals]
    // Before Linux 5.9 they stay until the program starts.
    try? Descriptor.closeAll(from: 3 + plan.process.preservedDescriptors, except: kept)
  }

  /// An ordinary user's `exec` needs to see the namespaces of a container that it owns while it waits.
  ///
  /// A process of the container that would look at this one needs all the capabilities that it still
  /// has (ptrace(2)).
  private func showToOwner(_ shows: Bool) throws(RuntimeError) {
    guard plan.isForOrdinaryUser else { return }
    try during("protect the init stage") { () throws(SystemError) in
      try CurrentProcess.setDumpable(shows)
    }
  }

  /// Blocks until `start` connects and says so, or a signal ends it; whoever only looks is ignored.
  private func waitForStart(_ signals: borrowing SignalDescriptor) -> Int32 {
    forgetDescriptors(signals.descriptor.raw)
    while true {
      let caller: OwnedDescriptor?
      do throws(SystemError) {
        var loop = try EventLoop()
        try loop.add(startListener)
        try loop.add(signals.descriptor.raw)
        let ready = try loop.wait(milliseconds: -1)
        if let signal = try signals.next() { return 128 + signal }
        guard ready.contains(where: { $0.descriptor == startListener }) else { continue }
        caller = try UnixSocket.accept(startListener)
      } catch {
        if error.errno == Errno.interrupted { continue }
        return 1
      }
      guard let caller else { continue }
      guard let word = try? Descriptor.read(caller.raw, upTo: 1), word == [0x53] else { continue }
      ProcessAttributes.resetSignals()
      do throws(RuntimeError) {
        try showToOwner(false)
        try finish(caller.raw)
      } catch {
        let bytes = InitMessage.failed(error.report).bytes
        try? Descriptor.writeAll(caller.raw, bytes)
      }
      return 1
    }
  }
}
