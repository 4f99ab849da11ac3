import Cgroups
import LinuxSystem
import OCISpec

/// Everything the init stage does, decided by the parent: the child looks nothing up.
struct ContainerPlan: Sendable {
  var id: ContainerID
  var bundle: String
  var rootfs: String
  /// A detached copy of the root's mount, for a user namespace whose root cannot reach `rootfs`.
  var rootfsTree: Int32 = -1
  var readonlyRoot: Bool
  var rootPropagation: MountPlan.SpreadRule
  /// Made by the clone itself.
  var newNamespaces: NamespaceSet = []
  var newCgroupNamespace = false
  /// Namespaces to join, open already.
  var joined: [(kind: Namespace, descriptor: Int32)] = []
  var uidMap: [RuntimeIDMapping] = []
  var gidMap: [RuntimeIDMapping] = []
  /// Lines for /proc/PID/timens_offsets.
  var timeOffsets: [String] = []
  var hostname: String?
  var domainname: String?
  var mounts: [MountPlan] = []
  var devices: [RuntimeDevice] = []
  /// Detached mounts of nodes that the parent made, by path.
  var preparedDevices: [String: Int32] = [:]
  var maskedPaths: [String] = []
  var readonlyPaths: [String] = []
  /// By procfs path below sys.
  var sysctls: [(path: String, value: String)] = []
  var networkDevices: [NetworkDevicePlan] = []
  var process: ProcessPlan
  var hooks = RuntimeHooks()
  var cgroupLayout = HostCgroups.Layout.unified
  var resourceGroup: ResourceGroup?
  /// Whether device nodes can be made; else they are bound from the host.
  var mayMakeDevices: Bool
  /// Whether the runtime itself can make device nodes.
  var parentMayMakeDevices = false
  var pivots = true
  /// Whether who runs the runtime has no rights over processes of other users.
  var isForOrdinaryUser = false
  /// Where the root is mounted when the container has no mount namespace of its own.
  var mountHome: MountHome?
  /// The socket for the terminal's master side, or -1: it goes to the parent.
  var consoleSocket: Int32 = -1

  /// Where a byte is waited for before the program begins.
  var gate: Int32?

  /// Whether a namespace must be entered by a parent of the init stage.
  var needsGoBetween: Bool {
    newNamespaces.contains(.time)
      || joined.contains { [.user, .pid, .time].contains($0.kind) }
  }

  var makesUserNamespace: Bool { newNamespaces.contains(.user) }
  var joinsUserNamespace: Bool { joined.contains { $0.kind == .user } }
  /// Whether the container's user namespace is another than the runtime's.
  var hasUserNamespace: Bool { makesUserNamespace || joinsUserNamespace }

  init(
    id: ContainerID, bundle: String, spec: RuntimeSpec, initialUserNamespace: Bool
  ) throws(RuntimeError) {
    guard let linux = spec.linux else { throw .unusable(field: "linux", "is missing") }
    guard let process = spec.process else { throw .unusable(field: "process", "is missing") }
    guard let root = spec.root, !root.path.isEmpty else {
      throw .unusable(field: "root.path", "is missing")
    }
    self.id = id
    self.bundle = bundle
    rootfs = root.path.hasPrefix("/") ? root.path : "\(bundle)/\(root.path)"
    readonlyRoot = root.readonly
    rootPropagation = try Self.propagation(linux.rootfsPropagation)
    self.process = try ProcessPlan(process)
    // For `exec` alone (config.md#process).
    self.process.affinity = nil
    self.process.takeAnnotations(spec.annotations)
    hostname = spec.hostname.flatMap { $0.isEmpty ? nil : $0 }
    domainname = spec.domainname.flatMap { $0.isEmpty ? nil : $0 }
    hooks = spec.hooks ?? RuntimeHooks()
    mayMakeDevices = initialUserNamespace
    isForOrdinaryUser = CurrentProcess.effectiveUser != 0
    parentMayMakeDevices = initialUserNamespace
    devices = linux.devices
    maskedPaths = try Self.absolute(linux.maskedPaths, "linux.maskedPaths")
    readonlyPaths = try Self.absolute(linux.readonlyPaths, "linux.readonlyPaths")
    try takeNamespaces(linux)
    for (index, mount) in spec.mounts.enumerated() {
      var plan = try MountPlan(mount, index: index, bundle: bundle)
      plan.takeInside(rootfs)
      mounts.append(plan)
    }
    try takeSysctls(linux.sysctl)
    self.process.personality = try Self.personality(linux.personality)
    try checkNames()
    self.process.memoryPolicy = try Self.memoryPolicy(linux)
    resourceGroup = try linux.intelRdt.map { (rdt) throws(RuntimeError) in
      try ResourceGroup(rdt, id: id.text)
    }
    networkDevices = try NetworkDevicePlan.plans(
      linux.netDevices,
      hasNamespace: newNamespaces.contains(.network) || joined.contains { $0.kind == .network },
      isHostRoot: initialUserNamespace && CurrentProcess.effectiveUser == 0)
    try takeMountLabel(linux.mountLabel)
    try mountHome?.check(self, field: "linux.namespaces", propagation: linux.rootfsPropagation)
  }

  private static func absolute(_ paths: [String], _ field: String) throws(RuntimeError)
    -> [String]
  {
    for (index, path) in paths.enumerated() where !path.hasPrefix("/") {
      throw .unusable(field: "\(field)[\(index)]", "`\(path)` is not an absolute path")
    }
    return paths
  }

  private static func propagation(_ text: String?) throws(RuntimeError) -> MountPlan.SpreadRule {
    switch text ?? "" {
    case "": MountPlan.SpreadRule(kind: .slave, recursive: true)
    case "private", "rprivate":
      MountPlan.SpreadRule(kind: .private, recursive: text == "rprivate")
    case "slave", "rslave": MountPlan.SpreadRule(kind: .slave, recursive: text == "rslave")
    case "shared", "rshared": MountPlan.SpreadRule(kind: .shared, recursive: text == "rshared")
    case "unbindable", "runbindable":
      MountPlan.SpreadRule(kind: .unbindable, recursive: text == "runbindable")
    default:
      throw .unusable(field: "linux.rootfsPropagation", "unknown value `\(text ?? "")`")
    }
  }

  static func memoryPolicy(_ linux: RuntimeLinux?) throws(RuntimeError) -> MemoryPolicyPlan? {
    try linux?.memoryPolicy.map { (policy) throws(RuntimeError) in try MemoryPolicyPlan(policy) }
  }

  static func personality(_ personality: RuntimePersonality?) throws(RuntimeError)
    -> UInt64?
  {
    guard let personality else { return nil }
    guard personality.flags.isEmpty else {
      throw .unusable(field: "linux.personality.flags", "no flag is supported")
    }
    return personality.domain == .linux32 ? 8 : 0
  }

  private mutating func takeNamespaces(_ linux: RuntimeLinux) throws(RuntimeError) {
    var seen: [RuntimeNamespace.Kind] = []
    var mountsOf: (descriptor: Int32, path: String)?
    for (index, namespace) in linux.namespaces.enumerated() {
      let field = "linux.namespaces[\(index)]"
      guard !seen.contains(namespace.type) else {
        throw .unusable(field: field, "`\(namespace.type.rawValue)` appears twice")
      }
      seen.append(namespace.type)
      guard let kind = Namespace(rawValue: namespace.type.rawValue) else { continue }
      guard let path = namespace.path else {
        if kind == .cgroup { newCgroupNamespace = true } else { newNamespaces.insert(kind) }
        continue
      }
      guard path.hasPrefix("/") else {
        throw .unusable(field: "\(field).path", "`\(path)` is not an absolute path")
      }
      let file = try during("open the \(kind.rawValue) namespace") { () throws(SystemError) in
        try OwnedDescriptor.open(path)
      }
      // Kept for the life of this process: the child inherits it.
      if kind == .mount {
        mountsOf = (file.release(), path)
      } else {
        joined.append((kind, file.release()))
      }
    }
    try takeMountHome(mountsOf)
    uidMap = linux.uidMappings
    gidMap = linux.gidMappings
    guard makesUserNamespace || (uidMap.isEmpty && gidMap.isEmpty) || seen.contains(.user) else {
      throw .unusable(
        field: "linux.uidMappings", "id mappings need a user namespace in linux.namespaces")
    }
    if makesUserNamespace && (uidMap.isEmpty || gidMap.isEmpty) {
      throw .unusable(
        field: "linux.uidMappings", "a new user namespace needs uidMappings and gidMappings")
    }
    if seen.contains(.user) { mayMakeDevices = false }
    try takeTimeOffsets(linux.timeOffsets)
  }

  private mutating func takeTimeOffsets(_ offsets: [String: RuntimeTimeOffset])
    throws(RuntimeError)
  {
    guard offsets.isEmpty || newNamespaces.contains(.time) else {
      throw .unusable(
        field: "linux.timeOffsets", "offsets need a new time namespace in linux.namespaces")
    }
    for (clock, offset) in offsets.sorted(by: { $0.key < $1.key }) {
      guard clock == "monotonic" || clock == "boottime" else {
        throw .unusable(field: "linux.timeOffsets", "unknown clock `\(clock)`")
      }
      timeOffsets.append("\(clock) \(offset.secs ?? 0) \(offset.nanosecs ?? 0)")
    }
  }

  /// Only what belongs to a namespace of the container's own may be set.
  private mutating func takeSysctls(_ sysctls: [String: String]) throws(RuntimeError) {
    let ipc: Set<String> = [
      "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
      "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
    ]
    for (name, value) in sysctls.sorted(by: { $0.key < $1.key }) {
      let field = "linux.sysctl.\(name)"
      let path = name.contains("/") ? name : name.split(separator: ".").joined(separator: "/")
      let dotted = path.split(separator: "/").joined(separator: ".")
      guard
        !path.split(separator: "/", omittingEmptySubsequences: false).contains(where: {
          $0.isEmpty || $0 == "." || $0 == ".."
        })
      else { throw .unusable(field: field, "is not the name of a kernel setting") }
      guard dotted != "kernel.hostname" else {
        throw .unusable(field: field, "conflicts with the field hostname, which sets it")
      }
      let needed: Namespace? =
        if ipc.contains(dotted) || dotted.hasPrefix("fs.mqueue.") {
          .ipc
        } else if dotted.hasPrefix("net.") {
          .network
        } else if dotted == "kernel.domainname" { .uts } else { nil }
      if dotted.hasPrefix("user.") && makesUserNamespace {
        setSysctl(path, value)
        continue
      }
      guard dotted != "kernel.domainname" || [nil, value].contains(domainname) else {
        throw .unusable(field: field, "conflicts with the field domainname, which is another")
      }
      guard let needed else {
        throw .unusable(field: field, "the setting belongs to no namespace of the container")
      }
      guard newNamespaces.contains(needed) || joined.contains(where: { $0.kind == needed }) else {
        throw .unusable(
          field: field, "the setting would change the host: add a \(needed.rawValue) namespace")
      }
      setSysctl(path, value)
    }
  }

  private mutating func setSysctl(_ path: String, _ value: String) {
    sysctls.append((path: path, value: value))
  }

  /// Filesystems that are made for the container get the label; the kernel's own have theirs.
  private mutating func takeMountLabel(_ label: String?) throws(RuntimeError) {
    guard let label, !label.isEmpty else { return }
    guard FileTree.exists("/sys/fs/selinux/enforce") else {
      throw .unusable(field: "linux.mountLabel", "SELinux is not enabled on this host")
    }
    for index in mounts.indices {
      guard case .filesystem(let type) = mounts[index].kind, !["proc", "sysfs"].contains(type)
      else { continue }
      mounts[index].data.append("context=\(label)")
    }
  }

  private func checkNames() throws(RuntimeError) {
    for (field, value) in [("hostname", hostname), ("domainname", domainname)] {
      guard let value else { continue }
      guard value.utf8.count <= 64, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw .unusable(field: field, "`\(value)` is not a host name of at most 64 characters")
      }
      guard newNamespaces.contains(.uts) || joined.contains(where: { $0.kind == .uts }) else {
        throw .unusable(
          field: field, "setting it would change the host: add a uts namespace")
      }
    }
  }
}
