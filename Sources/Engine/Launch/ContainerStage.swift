import Diagnostics
import LinuxSystem
import Model
import OCISpec
import StateStore
import UserNamespaces

/// The process that becomes a container's monitor.
///
/// Inside the user namespace, with mounts of its own, it puts the root together, writes the bundle
/// and then executes `martlet-monitor` in its own place. It may be killed at any point: what it
/// made ends with it, except files that the next start makes anew.
struct ContainerStage {
  let context: EngineContext
  let config: ContainerConfig
  let store: ContainerStore
  var order: MonitorOrder
  let runtime: RuntimeProgram
  /// The id map of our namespace; nil on a machine's root.
  let mapping: IDMapping?
  /// Descriptors made by the parent.
  let sync: Int32
  let lock: Int32
  /// Descriptors 0-2 of the command, for the passthrough log driver.
  let passesStandardStreams: Bool

  /// Runs in the child; returns only when something failed, after reporting it.
  func run() -> Int32 {
    // Failure is fine: it is for readers whom the live directory was deleted under.
    try? Descriptor.writeAll(lock, LostContainer.text(monitor: CurrentProcess.id))
    do {
      try become()
    } catch {
      let frame = AttachFrame.failure(reportOf(error))
      // The parent may be gone, and then nobody is left to tell.
      try? Descriptor.writeAll(sync, frame.bytes)
      return 125
    }
  }

  private func become() throws -> Never {
    var order = order
    let plan = try NetworkSetup(config.network, context: context).plan()
    let nested = try config.namespaces.userns.nested(
      in: mapping, uid: context.uid, gid: context.gid)
    let making = try beginNamespaces(network: plan.needsNamespace, user: nested != nil)
    let rootfs = try ContainerRoot(context: context, config: config).mount(
      volatile: config.lifecycle.autoRemove)
    let root: RootDirectory
    do throws(SystemError) { root = try RootDirectory(rootfs) } catch {
      throw ErrorReport(.notFound, "root filesystem \(rootfs): \(error.reason)")
    }
    if let nested, config.rootfs == nil {
      // The root's own directory is the container's root's, as in the image.
      try FileTree.setOwner(
        rootfs, uid: IDMapping.outside(0, in: nested.users) ?? 0,
        gid: IDMapping.outside(0, in: nested.groups) ?? 0)
    }
    let texts = try AccountTexts(root)
    var facts = try gatherFacts(rootfs: rootfs, root: root, nested: nested, texts)
    let networkPath =
      plan.needsNamespace
      ? MonitorOrder.path(of: MonitorOrder.networkDescriptor, in: CurrentProcess.id) : nil
    facts.networkNamespace = networkPath ?? plan.joinedPath
    if nested != nil {
      facts.userNamespace = MonitorOrder.path(
        of: MonitorOrder.userDescriptor, in: CurrentProcess.id)
      // runc before 1.2 refuses a user namespace to join without the maps that it has already.
      if order.runtime.hasSuffix("/runc") { facts.userMapping = nested }
    }
    let accounts = AccountFiles(
      config: config, user: facts.user,
      caller: AccountFiles.Caller(uid: context.uid, gid: context.gid, name: plan.userName))
    facts.files = try EtcFiles(
      config: config, plan: plan, directory: order.runDirectory, accounts: accounts
    ).write(texts, root: root)
    facts.user.home = accounts.home
    let secrets = SecretFiles(context: context, config: config, nested: nested)
    facts.files += try secrets.write(in: "\(context.runtimeRoot)/secrets")
    facts.secretVariables = try secrets.variables()
    if let directory = order.notify?.directory {
      facts.files.append(PlacedFile(destination: NotifySetup.mountPoint, source: directory))
    }
    if config.lifecycle.initProcess {
      facts.files.append(
        PlacedFile(
          destination: SpecBuilder.initPath,
          source: config.lifecycle.initPath ?? "\(context.helpers)/martlet-monitor"))
    }
    try ensureWorkingDirectory(root, facts.user)
    let joined = JoinedNamespaces(context: context, config: config)
    facts.joined = try joined.joined()
    // Outside what is removed with the container: the files are another's.
    let shared = "\(context.directories.runtime)/shm"
    if try joined.borrowSharedMemory(at: shared) { facts.sharedMemory = shared }
    facts.cgroupPath = try cgroupPath()
    if facts.cgroupPath == nil, order.runtime.hasSuffix("/crun") {
      // crun takes a cgroup that cannot be made for an error; ours and runc do without.
      order.runtimeArguments += ["--cgroup-manager", "disabled"]
    }
    let builder = SpecBuilder(config: config, facts: facts)
    let spec = try builder.build()
    try FileTree.ensureDirectory(order.bundle)
    // As late as can be: the kernel makes a network namespace beside all that comes before.
    let namespaces = try finish(making, nested, network: plan.needsNamespace)
    if let networkPath {
      order.network = try plan.helper(
        descriptor: namespaces.network, namespacePath: networkPath,
        runDirectory: order.runDirectory)
    }
    guard BegunRun.isPossible(order, runtime) else {
      try writeBundle(order, spec, builder)
      try executeMonitor(order, namespaces)
    }
    let begun = try BegunRun(
      order, spec, namespaces: namespaces.descriptors, environment: runtimeEnvironment, context)
    order.begunRun = begun.pid
    do {
      try writeBundle(order, spec, builder)
      try executeMonitor(order, namespaces, begun.descriptors)
    } catch {
      begun.abandon()
      throw error
    }
  }

  private func writeBundle(_ order: MonitorOrder, _ spec: RuntimeSpec, _ builder: SpecBuilder)
    throws
  {
    try FileTree.write(
      "\(order.bundle)/config.json", String(decoding: spec.encoded(), as: UTF8.self))
    for (name, process) in try builder.probes() {
      try FileTree.write(
        "\(order.bundle)/\(name)", String(decoding: process.encoded(), as: UTF8.self))
    }
  }

  /// What the monitor and the runtime have.
  private var runtimeEnvironment: [String] { context.helperEnvironment + runtime.environment }

  private func cgroupPath() throws(ErrorReport) -> String? {
    if config.resources.cgroups == "disabled" { return nil }
    guard let parent = config.resources.cgroupParent else {
      return HostCgroup.path(for: config.id, isMachineRoot: mapping == nil)
    }
    return try HostCgroup.path(for: config.id, below: parent)
  }

  /// Descriptors; -1 where there is none.
  private struct MadeNamespaces {
    var network: Int32 = -1
    var user: Int32 = -1

    /// With their numbers in the monitor.
    var descriptors: [(child: Int32, ours: Int32)] {
      [(MonitorOrder.networkDescriptor, network), (MonitorOrder.userDescriptor, user)]
        .filter { $0.ours >= 0 }
    }
  }

  /// Begins to make the network namespace, and the nested user namespace that owns it if there is
  /// one; nil when there is neither.
  private func beginNamespaces(network: Bool, user: Bool) throws(SystemError) -> NamespaceHolder? {
    var kinds: NamespaceSet = network ? [.network] : []
    if user { kinds.insert(.user) }
    return kinds.isEmpty ? nil : try NamespaceHolder(kinds, loopback: network)
  }

  /// The process that made them ends here: the descriptors keep them.
  private func finish(
    _ making: consuming NamespaceHolder?, _ nested: IDMapping?, network: Bool
  ) throws -> MadeNamespaces {
    var made = MadeNamespaces()
    guard var holder = making else { return made }
    if let nested {
      try nested.write(for: holder.pid)
      made.user = try holder.open(.user).release()
    }
    if network { made.network = try holder.open(.network).release() }
    return made
  }

  private func gatherFacts(
    rootfs: String, root: borrowing RootDirectory, nested: IDMapping?, _ texts: AccountTexts
  ) throws -> StageFacts {
    var lookup = UserLookup(texts)
    lookup.add(
      users: config.accounts.hostUsers.compactMap { AccountFiles.hostLine("/etc/passwd", $0) })
    let users = config.namespaces.userns
    let wanted =
      config.process.user.isEmpty
      ? users.defaultUser(context.uid, context.gid) : config.process.user
    let user = try lookup.resolve(wanted, groups: config.process.addedGroups)
    if let map = nested ?? mapping ?? IDMapping.own() {
      try Self.require(user.uid, in: map.users, "user")
      try Self.require(user.gid, in: map.groups, "group")
    }
    var facts = StageFacts(
      rootfs: rootfs, user: user,
      capabilities: try Capability.boundingNames(), isMachineRoot: mapping == nil,
      hasCgroup2: HostCgroup.hasUnified,
      mapsTerminalGroup: (nested ?? mapping).map { IDMapping.outside(5, in: $0.groups) != nil }
        ?? true)
    for mount in config.mounts where mount.kind == .volume {
      facts.mountFlags[mount.destination] = try VolumeDirectory(
        context: context, name: mount.source
      ).mountFlags()
    }
    facts.sources = try PreparedMounts(
      context: context, config: config,
      owner: (
        uid: nested.flatMap { IDMapping.outside(user.uid, in: $0.users) } ?? user.uid,
        gid: nested.flatMap { IDMapping.outside(user.gid, in: $0.groups) } ?? user.gid
      ), volumeOwner: nested.flatMap(Self.rootOfStrangers)
    ).make(root)
    return facts
  }

  private static func require(_ id: UInt32, in ranges: [IDRange], _ kind: String)
    throws(ErrorReport)
  {
    guard IDMapping.outside(id, in: ranges) == nil else { return }
    throw ErrorReport(
      .invalidRequest, "\(kind) id \(id) is not mapped into the container",
      hint: "your ranges in /etc/sub\(kind == "user" ? "u" : "g")id are too small for it")
  }

  /// The root of a container in which the caller is nobody, in our ids.
  private static func rootOfStrangers(_ map: IDMapping) -> (uid: UInt32, gid: UInt32)? {
    if map.users.contains(where: { $0.outside == 0 }) { return nil }
    guard let uid = IDMapping.outside(0, in: map.users),
      let gid = IDMapping.outside(0, in: map.groups)
    else { return nil }
    return (uid, gid)
  }

  /// The image's WORKDIR may be missing; it is made inside the root only (CVE-2026-55686).
  private func ensureWorkingDirectory(
    _ root: borrowing RootDirectory, _ user: UserLookup.Resolved
  ) throws {
    let path = config.process.workingDirectory
    guard path != "/", config.rootfs == nil else { return }
    do throws(SystemError) { _ = try root.ensureDirectory(path) } catch {
      // Something mounted later may provide it; the runtime says clearly when not.
      guard error.errno == Errno.readOnly || error.errno == Errno.notDirectory else { throw error }
    }
  }

  private func executeMonitor(
    _ order: MonitorOrder, _ namespaces: MadeNamespaces, _ begun: [(child: Int32, ours: Int32)] = []
  ) throws -> Never {
    let text = order.record.text
    let file = try OwnedDescriptor.anonymousFile("order", content: text)
    let null = try OwnedDescriptor.open("/dev/null", [.readWrite])
    var program = Program(
      "\(context.helpers)/martlet-monitor", ["--id", config.id],
      environment: runtimeEnvironment)
    program.name = "martlet-monitor"
    program.descriptors = [
      (MonitorOrder.orderDescriptor, file.raw), (MonitorOrder.syncDescriptor, sync),
      (MonitorOrder.lockDescriptor, lock),
    ]
    program.descriptors += begun
    if !passesStandardStreams {
      program.descriptors += [(0, null.raw), (1, null.raw), (2, null.raw)]
    }
    program.descriptors += namespaces.descriptors
    for index in 0..<Int32(order.preservedDescriptors) {
      program.descriptors.append((MonitorOrder.firstPreservedDescriptor + index, 3 + index))
    }
    program.workingDirectory = "/"
    try program.become()
  }
}
