import LinuxSystem
import Model
import OCISpec

/// A process that enters what its child must be born into: a joined user, pid or time namespace, or
/// a new time namespace with its offsets.
struct GoBetween: Sendable {
  let plan: ContainerPlan

  init(_ plan: ContainerPlan) { self.plan = plan }

  /// It is born into the new user namespace, which owns all the others.
  var ownFlags: UInt64 { plan.makesUserNamespace ? Namespace.user.cloneFlag : 0 }

  func run(_ channel: Int32, _ listener: Int32, _ cgroup: Int32?, _ state: RuntimeState) -> Int32 {
    let socket = MessageChannel(owning: OwnedDescriptor(owning: channel))
    do throws(RuntimeError) {
      let message = try during("wait for the runtime") { () throws(SystemError) in
        try socket.receive().message
      }
      guard case .proceed? = InitMessage(message) else { return 1 }
      let entered = joinEarly()
      try enter()
      let flags =
        ChildProcess.asSibling | plan.newNamespaces.subtracting([.user, .time]).cloneFlags
      var plan = plan
      plan.joined.removeAll { entered.contains($0.kind) }
      let stage = plan
      let joinsUser = plan.joined.contains { $0.kind == .user }
      let child = try during("start the container's first process") { () throws(SystemError) in
        try ChildProcess.spawn(flags: flags, cgroup: cgroup) {
          // Only now: being born in the cgroup takes the rights of whoever made it. The namespace's
          // root, where there is one, shall own the files that are made in the container.
          if joinsUser {
            try? Credentials.setGroup(0)
            try? Credentials.setUser(0)
          }
          return InitStage(
            plan: stage, channel: MessageChannel(owning: OwnedDescriptor(owning: channel)),
            startListener: listener, hookState: state
          ).run()
        }
      }
      try during("tell the runtime") { () throws(SystemError) in
        try socket.send(
          InitMessage.child(child.pid).bytes, descriptors: [child.pidfd.raw])
      }
      return 0
    } catch {
      try? socket.send(InitMessage.failed(error.report).bytes)
      return 1
    }
  }

  /// Joins what the namespaces that follow may have no right to: a user namespace owns only what
  /// was made in it (user_namespaces(7)).
  ///
  /// What cannot be joined now is tried by the init stage.
  private func joinEarly() -> NamespaceSet {
    guard plan.joined.contains(where: { $0.kind == .user }) else { return [] }
    var entered: NamespaceSet = []
    for entry in plan.joined where [.network, .ipc, .uts, .cgroup].contains(entry.kind) {
      if (try? entry.kind.join(entry.descriptor)) != nil { entered.insert(entry.kind) }
    }
    return entered
  }

  private func enter() throws(RuntimeError) {
    for kind in [Namespace.user, .pid, .time] {
      guard let entry = plan.joined.first(where: { $0.kind == kind }) else { continue }
      try during("join the \(kind.rawValue) namespace") { () throws(SystemError) in
        try kind.join(entry.descriptor)
      }
    }
    guard plan.newNamespaces.contains(.time) else { return }
    try during("make the time namespace") { () throws(SystemError) in
      try Namespace.unshare([.time])
      if !plan.timeOffsets.isEmpty {
        try FileTree.write(
          "/proc/self/timens_offsets", plan.timeOffsets.joined(separator: "\n") + "\n")
      }
    }
  }
}
