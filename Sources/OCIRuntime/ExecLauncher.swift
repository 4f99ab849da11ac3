import Cgroups
import LinuxSystem
import Model
import OCISpec
import SystemdBus

/// Starts a process in the namespaces of a container's first one.
///
/// The process is born there, in the container's mounts and with its root, and has no descriptor of the
/// host's but its own: a process of the container that has CAP_SYS_PTRACE may do with it as it likes
/// (note 0051). The runtime itself stays outside, where files of the host are reached.
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
    // Whose manager it is is only to be seen from outside the container's user namespace.
    let manager = record.systemdScope == nil ? nil : SystemdCgroupManager.address
    var place = try findPlace()
    if place.namespaces.contains(.time) { try joinTime(&place) }
    let told = try makePipe()
    let gate = try makePipe()
    let terminal = try openTerminal()
    defer { terminal?.closePeer() }
    var way = place.mustBeMoved ? Way.moved : .born
    let child = try spawn(place, &way, terminal, told.writeEnd.raw, gate.readEnd.raw)
    let reader = told.split { readEnd, writeEnd in readEnd }
    do throws(RuntimeError) {
      let master = try handOver(terminal)
      try move(child.pid, way, place, manager)
      if waits(way) {
        try during("let the process go on") { () throws(SystemError) in
          // No SIGPIPE, should it have ended: we have its end of the pipe as well.
          try Descriptor.writeAll(gate.writeEnd.raw, [1])
        }
      }
      try awaitProgram(reader.raw)
      try watcher?.send(child.pidfd.raw, .executed)
      return Started(child: child, terminal: master)
    } catch {
      try? child.kill(9)
      _ = try? child.wait()
      throw error
    }
  }

  /// A pipe has nobody at its other end: that of a socket can be asked for (SO_PEERPIDFD in unix(7)), and
  /// whoever may trace the process would get at us.
  private func makePipe() throws(RuntimeError) -> OwnedDescriptor.Pipe {
    try during("make a pipe") { () throws(SystemError) in try OwnedDescriptor.pipe() }
  }

  /// The two sides of the process's terminal.
  private struct Terminal {
    let master: Int32
    let peer: Int32
    let number: Int32

    func closePeer() { Descriptor.close(peer) }
  }

  /// Opened from here, so that the process needs no socket to send it through.
  private func openTerminal() throws(RuntimeError) -> Terminal? {
    guard plan.terminal else { return nil }
    return try during("make the terminal") { () throws(SystemError) in
      let root = RootDirectory(
        owning: try OwnedDescriptor.open("/proc/\(record.pid)/root", [.path, .directory]))
      let opened = try ContainerTerminal.open(in: root, plan)
      // What reads our output is no terminal: lines shall end as the program wrote them.
      if console < 0, !Descriptor.isTerminal(1) {
        try PseudoTerminal.keepNewlines(opened.peer.raw)
      }
      let number = opened.number
      let (master, peer) = opened.release()
      return Terminal(master: master, peer: peer, number: number)
    }
  }

  /// Sends the terminal to the console socket.
  ///
  /// - Returns: its master side where there is no such socket, or -1.
  private func handOver(_ terminal: Terminal?) throws(RuntimeError) -> Int32 {
    guard let terminal else { return -1 }
    guard console >= 0 else { return terminal.master }
    try during("hand the terminal over") { () throws(SystemError) in
      try MessageChannel.send(
        console, Array("/dev/pts/\(terminal.number)".utf8), descriptors: [terminal.master])
    }
    Descriptor.close(terminal.master)
    return -1
  }

  /// How the process comes into its v2 cgroup.
  private enum Way {
    case born
    /// Afterwards, by us.
    case moved
    /// Afterwards, by systemd.
    case attached
    /// Not at all.
    case stays

    init(refusedFor record: StateRecord) { self = record.systemdScope == nil ? .stays : .attached }
  }

  /// The way from our cgroup to the container's is not ours to write.
  private static func isRefusal(_ error: SystemError) -> Bool {
    error.errno == Errno.accessDenied || error.errno == Errno.noEntry
  }

  /// Whether the process has to be moved before it may go on.
  private func waits(_ way: Way) -> Bool {
    record.cgroup?.layout == .legacy || way == .moved || way == .attached
  }

  /// Moves the process into v1 cgroups, and into that of v2 that it was not born in.
  private func move(
    _ pid: Int32, _ way: Way, _ place: borrowing ExecPlace, _ manager: BusAddress?
  ) throws(RuntimeError) {
    var way = way
    try during("enter the cgroup") { () throws(SystemError) in
      if record.cgroup?.layout == .legacy { try record.cgroup?.adopt(pid, bornInUnified: true) }
      guard way == .moved else { return }
      do throws(SystemError) { try place.adopt(pid) } catch {
        guard Self.isRefusal(error) else { throw error }
        way = Way(refusedFor: record)
      }
    }
    guard way == .attached, let manager, let scope = record.systemdScope else { return }
    do throws(CgroupError) {
      try SystemdCgroupManager.attach(pid, to: scope, at: manager)
    } catch { throw .reported(error.report) }
  }

  /// A time namespace cannot be joined by a process that borrows our memory (setns(2)).
  private func joinTime(_ place: inout ExecPlace) throws(RuntimeError) {
    let kinds: NamespaceSet = [.user, .time]
    try during("join the namespaces of `\(record.id)`") { () throws(SystemError) in
      try CurrentProcess.setDumpable(false)
      try Namespace.join(kinds.intersection(place.namespaces), of: place.target.pidfd.raw)
    }
    place.namespaces = place.namespaces.subtracting(kinds)
  }

  /// Where the container's first process is.
  func findPlace() throws(RuntimeError) -> ExecPlace {
    let target = try openTarget()
    let namespaces = try differing(from: target.pid)
    return ExecPlace(
      target: target, namespaces: namespaces, directory: try openCgroup(), root: try openRoot())
  }

  private func openTarget() throws(RuntimeError) -> ProcessHandle {
    try during("find the process of `\(record.id)`") { () throws(SystemError) in
      // Checked after opening: the descriptor can no longer become somebody else.
      guard let handle = try ProcessHandle.find(record.pid), record.isAlive else {
        throw SystemError("pidfd_open", "\(record.pid)", errno: Errno.noProcess)
      }
      return handle
    }
  }

  /// The first process's root where its mount namespace's root is another.
  private func openRoot() throws(RuntimeError) -> OwnedDescriptor? {
    guard record.sharedMount != nil else { return nil }
    return try during("open the root of `\(record.id)`") { () throws(SystemError) in
      try OwnedDescriptor.open("/proc/\(record.pid)/root", [.path, .directory])
    }
  }

  /// The container's v2 cgroup, or the one below it that was asked for.
  private func openCgroup() throws(RuntimeError) -> OwnedDescriptor? {
    guard let unified = record.cgroup?.unified else { return nil }
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
    }
  }

  /// The kinds of namespace in which the process is not ours; joining one's own fails.
  ///
  /// One that cannot be seen must not pass for our own: the process would run outside.
  private func differing(from pid: Int32) throws(RuntimeError) -> NamespaceSet {
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

  /// Starts the process; where it may not be born in its cgroup, `way` becomes another.
  ///
  /// `told` and `gate` are the process's ends of its pipes.
  private func spawn(
    _ place: borrowing ExecPlace, _ way: inout Way, _ terminal: Terminal?, _ told: Int32,
    _ gate: Int32
  ) throws(RuntimeError) -> ChildProcess {
    var stage = ExecStage(
      plan: plan, namespaces: place.joinedLate, state: record.state(.running))
    var given = (3..<(3 + plan.preservedDescriptors)).map { (child: $0, ours: $0) }
    func give(_ fd: Int32) -> Int32 {
      guard fd >= 0 else { return fd }
      given.append((3 + Int32(given.count), fd))
      return given[given.count - 1].child
    }
    stage.told = give(told)
    stage.gate = give(gate)
    stage.plan.filter.listenerSocket = give(plan.filter.listenerSocket)
    if let terminal { given += (0...2).map { (child: $0, ours: terminal.peer) } }
    do throws(SystemError) {
      stage.waits = waits(way)
      return try stage.start(place.birth, given)
    } catch {
      guard place.cgroup.number != nil, Self.isRefusal(error) else {
        throw .system("start the process in `\(record.id)`", error)
      }
    }
    way = Way(refusedFor: record)
    stage.waits = waits(way)
    var here = place.birth
    here.cgroup = nil
    return try during("start the process in `\(record.id)`") { () throws(SystemError) in
      try stage.start(here, given)
    }
  }

  /// Returns when the process has become its program.
  private func awaitProgram(_ told: Int32) throws(RuntimeError) {
    var bytes = try during("listen to the process") { () throws(SystemError) in
      try Descriptor.readAll(told, limit: 65_536)[...]
    }
    let ready = InitMessage.ready.bytes
    let isReady = bytes.starts(with: ready)
    if isReady { bytes = bytes.dropFirst(ready.count) }
    if bytes.isEmpty, isReady { return }
    guard !bytes.isEmpty else {
      throw .reported(ErrorReport(.bug, "the process ended before its program started"))
    }
    guard case .failed(let report)? = InitMessage(Array(bytes)) else {
      throw .reported(ErrorReport(.bug, "the process sent an unknown message"))
    }
    throw .reported(report)
  }
}

/// Where `exec` puts a process: with the container's first one.
struct ExecPlace: ~Copyable {
  let target: ProcessHandle
  /// The kinds in which the first process is not where we are.
  var namespaces: NamespaceSet
  /// Its v2 cgroup as the process may have it open while it is born.
  let cgroup: OwnedDescriptor?
  /// The cgroup, where that cannot be: the process has to be moved.
  private let directory: OwnedDescriptor?
  private let root: OwnedDescriptor?

  /// The directory is the v2 cgroup, the root that of the first process where its mount namespace has
  /// another.
  init(
    target: consuming ProcessHandle, namespaces: NamespaceSet,
    directory: consuming OwnedDescriptor?, root: consuming OwnedDescriptor?
  ) {
    self.target = target
    self.namespaces = namespaces
    self.root = root
    // Of another user namespace nobody may trace the process (ptrace(2)). Else he would come through the
    // directory itself to the host's root; a mount of its own has nothing above it.
    guard let fd = directory.number, !namespaces.contains(.user) else {
      cgroup = directory
      self.directory = nil
      return
    }
    let copy = try? MountCall.readOnlyCopy(in: fd)
    self.directory = copy.number == nil ? directory : nil
    cgroup = copy
  }

  var mustBeMoved: Bool { directory.number != nil }

  /// A process that is in a cgroup namespace may only have children in cgroups that are in it, too.
  var joinedLate: NamespaceSet { namespaces.intersection([.cgroup]) }

  /// Good for as long as this one is.
  var birth: ChildProcess.Place {
    ChildProcess.Place(
      target: target.pidfd.raw, namespaces: namespaces.subtracting(joinedLate),
      cgroup: cgroup.number, root: root.number)
  }

  /// Moves a process into the cgroup.
  func adopt(_ pid: Int32) throws(SystemError) {
    guard let directory = directory.number else { return }
    let list = try OwnedDescriptor.open("cgroup.procs", [.writeOnly], in: directory)
    try Descriptor.writeAll(list.raw, "\(pid)")
  }
}

/// The child's side of `exec`.
struct ExecStage: Sendable {
  var plan: ProcessPlan
  /// What the first process has and the child has not yet.
  let namespaces: NamespaceSet
  let state: RuntimeState
  /// The first process's pidfd.
  var target: Int32 = -1
  /// Its ends of pipes, or -1: what it says, and what lets it go on.
  var told: Int32 = -1
  var gate: Int32 = -1
  /// Whether the runtime still moves it into cgroups.
  var waits = false
  /// Starts the child.
  func start(
    _ place: ChildProcess.Place, _ descriptors: [(child: Int32, ours: Int32)]
  ) throws(SystemError) -> ChildProcess {
    try ChildProcess.spawn(in: place, descriptors: descriptors) { target in
      var stage = self
      stage.target = target
      return stage.run()
    }
  }

  /// Returns only on failure.
  func run() -> Int32 {
    do throws(RuntimeError) {
      try during("wait for the runtime") { () throws(SystemError) in
        if waits, try Descriptor.read(gate, upTo: 1).isEmpty { CurrentProcess.exitNow(1) }
      }
      try enter()
      try takeTerminal()
      let stage = ProcessStage(plan)
      try stage.assume()
      try during("tell the runtime") { () throws(SystemError) in
        try Descriptor.writeAll(told, InitMessage.ready.bytes)
      }
      try stage.execute(state, keeping: [told])
    } catch {
      try? Descriptor.writeAll(told, InitMessage.failed(error.report).bytes)
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
    try during("join the \(namespaces) namespace") { () throws(SystemError) in
      if !namespaces.isEmpty { try Namespace.join(namespaces, of: target) }
    }
    try during("start a session") { () throws(SystemError) in try CurrentProcess.startSession() }
  }

  private func takeTerminal() throws(RuntimeError) {
    guard plan.terminal else { return }
    try during("take the terminal") { () throws(SystemError) in
      try ContainerTerminal.own(0, plan)
      try PseudoTerminal.makeControlling(0)
    }
  }
}
