import Cgroups
import LinuxSystem
import Model
import OCISpec

/// The runtime's side of making a container: starts the init stage and answers it
/// (InitChannel.swift has the talk).
struct InitLauncher {
  let plan: ContainerPlan
  let spec: RuntimeSpec
  /// The container's state directory.
  let directory: String
  /// Who makes the cgroup once there is a process; nil when it is there already.
  let manager: SystemdCgroupManager?

  /// `saved` is called when the process is ready, before the caller may know, and, without a
  /// process id, before something is made that outlives the process.
  func launch(
    _ record: inout StateRecord, listens: Bool, saved: (StateRecord) throws(RuntimeError) -> Void
  ) throws(RuntimeError) -> CreateContainer.Created {
    let listener = try listens ? listen() : -1
    let pair = try during("make the init channel") { () throws(SystemError) in
      try MessageChannel.pair()
    }
    let goesAhead = !waitsForParent(record)
    // It finds the word there, and does not sleep for it.
    if goesAhead { try letGoOn(pair.first) }
    let child =
      try plan.needsGoBetween
      ? spawnByGoBetween(record, listener, pair)
      : spawn(record, listener, pair)
    let channel = pair.takeFirst()
    if listener >= 0 { Descriptor.close(listener) }
    do throws(RuntimeError) {
      record.pid = child.pid
      try place(child, &record)
      try moveNetworkDevices(to: child.pid)
      if !goesAhead { try letGoOn(channel) }
      let terminal = try converse(channel, child, listens, &record, saved)
      return CreateContainer.Created(
        child: child, record: record, spec: spec, terminal: terminal)
    } catch {
      // It may have ended by itself already.
      try? child.kill(9)
      _ = try? child.wait()
      throw error
    }
  }

  private func letGoOn(_ channel: borrowing MessageChannel) throws(RuntimeError) {
    try during("talk to the init stage") { () throws(SystemError) in
      try channel.send(InitMessage.proceed.bytes)
    }
  }

  private func listen() throws(RuntimeError) -> Int32 {
    try during("listen for `start`") { () throws(SystemError) in
      let place = try OwnedDescriptor.open(directory, [.path, .directory])
      return try UnixSocket.listen(directory: place.raw, name: "start", isNew: true)
    }.release()
  }

  /// A go-between enters the namespaces that only a child can be born into, and makes the init
  /// stage as our child.
  private func spawnByGoBetween(
    _ record: StateRecord, _ listener: Int32, _ pair: borrowing MessageChannel.Pair
  ) throws(RuntimeError) -> ChildProcess {
    let between = try spawn(record, listener, pair)
    do throws(RuntimeError) {
      if plan.makesUserNamespace {
        try IDMapWriter(uids: plan.uidMap, gids: plan.gidMap).write(for: between.pid)
      }
      let (bytes, descriptors) = try during("talk to the go-between") { () throws(SystemError) in
        try pair.first.send(InitMessage.proceed.bytes)
        return try pair.first.receive()
      }
      switch InitMessage(bytes) {
      case .child(let pid):
        guard let pidfd = descriptors.first else { break }
        _ = try during("wait for the go-between") { () throws(SystemError) in try between.wait() }
        return ChildProcess(adopting: pid, pidfd: pidfd)
      case .failed(let report): throw .reported(report)
      default: break
      }
      throw .reported(ErrorReport(.bug, "the go-between ended without a word"))
    } catch {
      try? between.kill(9)
      _ = try? between.wait()
      throw error
    }
  }

  private func spawn(
    _ record: StateRecord, _ listener: Int32, _ pair: borrowing MessageChannel.Pair
  ) throws(RuntimeError) -> ChildProcess {
    let ours = pair.first.descriptor.raw
    let theirs = pair.second.descriptor.raw
    let between = plan.needsGoBetween ? GoBetween(plan) : nil
    let flags = between?.ownFlags ?? plan.newNamespaces.cloneFlags
    let cgroup = try during("open the cgroup") { () throws(SystemError) in
      try record.cgroup?.birthplace()?.release()
    }
    let plan = plan
    let state = record.state(.creating)
    let child = try during("start the container's first process") { () throws(SystemError) in
      try ChildProcess.spawn(flags: flags, cgroup: between == nil ? cgroup : nil) {
        Descriptor.close(ours)
        if let between { return between.run(theirs, listener, cgroup, state) }
        return InitStage(
          plan: plan, channel: MessageChannel(owning: OwnedDescriptor(owning: theirs)),
          startListener: listener, hookState: state
        ).run()
      }
    }
    if let cgroup { Descriptor.close(cgroup) }
    return child
  }

  /// Whether `place` and `moveNetworkDevices` have something to do.
  private func waitsForParent(_ record: StateRecord) -> Bool {
    plan.makesUserNamespace || plan.needsGoBetween || plan.resourceGroup != nil || manager != nil
      || !plan.networkDevices.isEmpty || record.cgroup?.isEnteredAtBirth == false
  }

  /// What only the parent may do for the child: its maps, and the cgroups it was not born in.
  private func place(_ child: borrowing ChildProcess, _ record: inout StateRecord)
    throws(RuntimeError)
  {
    if plan.makesUserNamespace && !plan.needsGoBetween {
      try IDMapWriter(uids: plan.uidMap, gids: plan.gidMap).write(for: child.pid)
    }
    let pid = child.pid
    if let group = plan.resourceGroup { record.resourceGroup = try group.join(pid) }
    if let manager {
      do throws(CgroupError) {
        record.cgroup = try manager.start(
          pid: pid, id: record.id, limits: spec.linux?.resources, annotations: spec.annotations)
      } catch { throw .reported(error.report) }
      return
    }
    let cgroup = record.cgroup
    try during("put the container in its cgroup") { () throws(SystemError) in
      try cgroup?.adopt(pid, bornInUnified: true)
    }
  }

  private func moveNetworkDevices(to pid: Int32) throws(RuntimeError) {
    guard !plan.networkDevices.isEmpty else { return }
    let joined = plan.joined.first { $0.kind == .network }
    let made = try during("open the network namespace") { () throws(SystemError) in
      try OwnedDescriptor.open("/proc/\(pid)/ns/net")
    }
    for device in plan.networkDevices { try device.move(to: joined?.descriptor ?? made.raw) }
  }

  private func converse(
    _ channel: borrowing MessageChannel, _ child: borrowing ChildProcess, _ listens: Bool,
    _ record: inout StateRecord, _ saved: (StateRecord) throws(RuntimeError) -> Void
  ) throws(RuntimeError) -> Int32 {
    var terminal: Int32 = -1
    var isReady = false
    while true {
      let (bytes, descriptors) = try receive(channel)
      if bytes.isEmpty {
        if isReady { return terminal }
        let end = try during("wait for the init stage") { () throws(SystemError) in
          try child.wait()
        }
        throw .reported(ErrorReport(.bug, "the init stage ended without a word (\(end))"))
      }
      switch InitMessage(bytes) {
      case .mounting(let mounts, let place):
        guard let home = plan.mountHome else { continue }
        record.sharedMount = try SharedMount(home, mounts, at: place)
        var unfinished = record
        unfinished.pid = 0
        try saved(unfinished)
        try letGoOn(channel)
      case .copyMapped(let index) where plan.mounts.indices.contains(index):
        try MappedSource(mount: plan.mounts[index], rootfs: plan.rootfs).send(
          to: channel, from: child.pidfd.raw)
      case .runHooks:
        var state = record.state(.creating)
        state.pid = record.pid
        let runner = HookRunner(state: state)
        try runner.run(plan.hooks.prestart, "prestart")
        try runner.run(plan.hooks.createRuntime, "createRuntime")
        try letGoOn(channel)
      case .terminal: terminal = descriptors.first ?? -1
      case .ready where !isReady:
        isReady = true
        record.startTime = ProcessHandle.startTime(record.pid) ?? 0
        try saved(record)
        // `create` ends here; `run` waits for the program or its error.
        guard listens else { continue }
        try letGoOn(channel)
        return terminal
      case .ready: continue
      case .failed(let report): throw .reported(report)
      case .proceed, .child, .copyMapped, nil:
        throw .reported(ErrorReport(.bug, "the init stage sent an unknown message"))
      }
    }
  }

  private func receive(_ channel: borrowing MessageChannel) throws(RuntimeError)
    -> ([UInt8], [Int32])
  {
    do throws(SystemError) {
      let (message, descriptors) = try channel.receive()
      return (message, descriptors)
    } catch { throw .system("talk to the init stage", error) }
  }
}
