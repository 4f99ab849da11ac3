import Cgroups
import LinuxSystem
import Model
import OCISpec
import SystemdBus

/// Starts a process in the namespaces of a container's first one.
///
/// The runtime itself joins what a child can only be born into (user, pid, time) and what does not
/// hurt it; the child joins the mount and cgroup namespaces, so that files of the host are still
/// reached here.
struct ExecLauncher {
  let plan: ProcessPlan
  let record: StateRecord
  /// The socket for the terminal, or -1.
  let console: Int32
  let below: String?
  /// Who gets the process's pidfd.
  let watcher: PIDFDSocket?

  struct Started: ~Copyable {
    var child: ChildProcess
    /// The terminal's master side when there was no console socket, or -1.
    var terminal: Int32
  }

  func launch() throws(RuntimeError) -> Started {
    let target = try openTarget()
    let cgroup = try birthplace()
    defer { if cgroup >= 0 { Descriptor.close(cgroup) } }
    // Whose manager it is is only to be seen from outside the container's user namespace.
    let manager = record.systemdScope == nil ? nil : SystemdCgroupManager.address
    let kinds = try differing(from: record.pid)
    let late = kinds.intersection([.mount, .cgroup])
    let root = try openRoot()
    let pair = try during("make the channel") { () throws(SystemError) in
      try MessageChannel.pair()
    }
    try during("join the namespaces of `\(record.id)`") { () throws(SystemError) in
      // Before the container's processes can see this one (CVE-2016-9962).
      try CurrentProcess.setDumpable(false)
      let early = kinds.subtracting(late)
      if !early.isEmpty { try Namespace.join(early, of: target.pidfd.raw) }
    }
    var isPlaced = true
    let stage = ExecStage(
      plan: plan, console: console, target: target.pidfd.raw, namespaces: late, root: root,
      waits: record.cgroup?.layout == .legacy, state: record.state(.running))
    let child = try spawn(pair, stage, cgroup, &isPlaced)
    let channel = pair.takeFirst()
    do throws(RuntimeError) {
      try place(child.pid, isPlaced ? nil : manager)
      if record.cgroup?.layout == .legacy || !isPlaced {
        try during("let the process go on") { () throws(SystemError) in
          try channel.send(InitMessage.proceed.bytes)
        }
      }
      let terminal = try converse(channel)
      try watcher?.send(child.pidfd.raw, .executed)
      return Started(child: child, terminal: terminal)
    } catch {
      try? child.kill(9)
      _ = try? child.wait()
      throw error
    }
  }

  /// Moves the process into v1 cgroups, or into a scope that only systemd may fill.
  private func place(_ pid: Int32, _ manager: BusAddress?) throws(RuntimeError) {
    if record.cgroup?.layout == .legacy {
      try during("enter the cgroup") { () throws(SystemError) in
        try record.cgroup?.adopt(pid, bornInUnified: true)
      }
    }
    guard let manager, let scope = record.systemdScope else { return }
    do throws(CgroupError) {
      try SystemdCgroupManager.attach(pid, to: scope, at: manager)
    } catch { throw .reported(error.report) }
  }

  func openTarget() throws(RuntimeError) -> ProcessHandle {
    try during("find the process of `\(record.id)`") { () throws(SystemError) in
      // Checked after opening: the descriptor can no longer become somebody else.
      guard let handle = try ProcessHandle.find(record.pid), record.isAlive else {
        throw SystemError("pidfd_open", "\(record.pid)", errno: Errno.noProcess)
      }
      return handle
    }
  }

  /// The first process's root where its mount namespace's root is another; or -1.
  private func openRoot() throws(RuntimeError) -> Int32 {
    guard record.sharedMount != nil else { return -1 }
    return try during("open the root of `\(record.id)`") { () throws(SystemError) in
      try OwnedDescriptor.open("/proc/\(record.pid)/root", [.path, .directory])
    }.release()
  }

  func birthplace() throws(RuntimeError) -> Int32 {
    guard let unified = record.cgroup?.unified else { return -1 }
    var path = unified
    if let below {
      guard !below.split(separator: "/").contains("..") else {
        throw .unusable(
          field: "--cgroup", "bad sub cgroup path `\(below)`: it is outside the container's")
      }
      path += "/\(below)"
    }
    return try during("open the cgroup") { () throws(SystemError) in
      do throws(SystemError) { return try OwnedDescriptor.open(path, [.directory]) } catch {
        // The first process may have moved, and its cgroup be gone.
        guard error.errno == Errno.noEntry, below == nil,
          let now = try HostCgroups.unifiedDirectory(of: record.pid)
        else { throw error }
        return try OwnedDescriptor.open(now, [.directory])
      }
    }.release()
  }

  /// The kinds of namespace in which the process is not ours; joining one's own fails.
  ///
  /// One that cannot be seen must not pass for our own: the process would run outside.
  func differing(from pid: Int32) throws(RuntimeError) -> NamespaceSet {
    var kinds: NamespaceSet = []
    for kind in Namespace.allCases {
      guard let ours = kind.identity() else { continue }
      guard let theirs = kind.identity(of: "\(pid)") else {
        throw .reported(
          ErrorReport(
            .notPermitted,
            "exec in `\(record.id)`: the namespaces of its first process are not ours to see",
            hint: "a container that waits for start shows them to root alone: start it first"))
      }
      if theirs != ours { kinds.insert(kind) }
    }
    return kinds
  }

  /// Starts the process; `isPlaced` becomes false when it waits to be moved into its cgroup.
  private func spawn(
    _ pair: borrowing MessageChannel.Pair, _ stage: ExecStage, _ cgroup: Int32,
    _ isPlaced: inout Bool
  ) throws(RuntimeError) -> ChildProcess {
    let ours = pair.first.descriptor.raw
    let theirs = pair.second.descriptor.raw
    let hasScope = record.systemdScope != nil
    return try during("start the process") { () throws(SystemError) in
      let body = { (stage: ExecStage) -> Int32 in
        Descriptor.close(ours)
        return stage.run(MessageChannel(owning: OwnedDescriptor(owning: theirs)))
      }
      do throws(SystemError) {
        return try ChildProcess.spawn(cgroup: cgroup >= 0 ? cgroup : nil) { body(stage) }
      } catch {
        // The way from our cgroup to the container's is not ours to write: stay where we are,
        // unless systemd can move us.
        guard cgroup >= 0, error.errno == Errno.accessDenied || error.errno == Errno.noEntry
        else { throw error }
        isPlaced = !hasScope
        var waiting = stage
        waiting.waits = hasScope || stage.waits
        return try ChildProcess.spawn { [waiting] in body(waiting) }
      }
    }
  }

  private func converse(_ channel: borrowing MessageChannel) throws(RuntimeError) -> Int32 {
    var terminal: Int32 = -1
    var isReady = false
    while true {
      let bytes: [UInt8]
      do throws(SystemError) {
        let (message, descriptors) = try channel.receive()
        bytes = message
        if case .terminal? = InitMessage(message) { terminal = descriptors.first ?? -1 }
      } catch { throw .system("talk to the process", error) }
      if bytes.isEmpty {
        if isReady { return terminal }
        throw .reported(ErrorReport(.bug, "the process ended before its program started"))
      }
      switch InitMessage(bytes) {
      case .ready: isReady = true
      case .terminal: continue
      case .failed(let report): throw .reported(report)
      default: throw .reported(ErrorReport(.bug, "the process sent an unknown message"))
      }
    }
  }
}

/// The child's side of `exec`.
struct ExecStage: Sendable {
  let plan: ProcessPlan
  let console: Int32
  var target: Int32
  let namespaces: NamespaceSet
  /// The root to change to, or -1: the mount namespace's.
  let root: Int32
  /// Whether the parent still moves it into cgroups.
  var waits: Bool
  let state: RuntimeState

  /// Returns only on failure.
  func run(_ channel: consuming MessageChannel) -> Int32 {
    let channel = channel
    do throws(RuntimeError) {
      try during("wait for the runtime") { () throws(SystemError) in
        if waits, try channel.receive().message.isEmpty { CurrentProcess.exitNow(1) }
      }
      try enter()
      try takeTerminal(channel)
      let stage = ProcessStage(plan)
      try stage.assume()
      try during("tell the runtime") { () throws(SystemError) in
        try channel.send(InitMessage.ready.bytes)
      }
      try stage.execute(state, keeping: [channel.descriptor.raw])
    } catch {
      try? channel.send(InitMessage.failed(error.report).bytes)
      return 1
    }
  }

  /// The same without anybody who listens.
  ///
  /// Returns why it failed.
  func runAlone() -> RuntimeError {
    do throws(RuntimeError) {
      try enter()
      let stage = ProcessStage(plan)
      try stage.assume()
      try stage.execute(state)
    } catch { return error }
  }

  private func enter() throws(RuntimeError) {
    try during("join the container's mounts") { () throws(SystemError) in
      if !namespaces.isEmpty { try Namespace.join(namespaces, of: target) }
      if root >= 0 {
        try ProcessAttributes.changeDirectory(descriptor: root)
        try ProcessAttributes.changeRoot(".")
      }
    }
    try during("start a session") { () throws(SystemError) in try CurrentProcess.startSession() }
  }

  private func takeTerminal(_ channel: borrowing MessageChannel) throws(RuntimeError) {
    guard plan.terminal else { return }
    try during("make the terminal") { () throws(SystemError) in
      let root = try RootDirectory("/")
      let terminal = try ContainerTerminal.open(in: root, plan)
      if console >= 0 {
        try MessageChannel.send(
          console, Array("/dev/pts/\(terminal.number)".utf8), descriptors: [terminal.master.raw])
      } else {
        // What reads our output is no terminal: lines shall end as the program wrote them.
        if !Descriptor.isTerminal(1) { try PseudoTerminal.keepNewlines(terminal.peer.raw) }
        try channel.send(InitMessage.terminal.bytes, descriptors: [terminal.master.raw])
      }
      try PseudoTerminal.makeControlling(terminal.peer.raw)
      for fd in Int32(0)...2 { try Descriptor.replace(fd, with: terminal.peer.raw) }
    }
  }
}
