import LinuxSystem
import OCISpec

/// The mount namespace of a container that has none of its own: the runtime's, or one that it joins.
///
/// The root is put together in a mount namespace that nobody else sees, and then mounted here in one
/// piece, so that a failure before leaves nothing and nobody can reach into the work.
struct MountHome: Sendable {
  /// The namespace.
  let descriptor: Int32
  /// Where to find it later; nil when it is the runtime's own.
  let path: String?
  /// The root's directory in the runtime's namespace; -1 where it is looked up in the joined one.
  var place: Int32 = -1
  /// The runtime's root and working directory, which joining its namespace again would change; -1
  /// where another is joined.
  var root: Int32 = -1
  var workingDirectory: Int32 = -1

  /// What cannot hold in a namespace that others use.
  func check(_ plan: ContainerPlan, field: String, propagation: String?) throws(RuntimeError) {
    guard !plan.makesUserNamespace, path != nil || !plan.joinsUserNamespace else {
      throw .unusable(
        field: field,
        "a container in a user namespace cannot mount in another's mount namespace: "
          + "add a mount namespace")
    }
    if propagation?.isEmpty == false, plan.rootPropagation.kind == .slave {
      throw .unusable(
        field: "linux.rootfsPropagation", "slave mounts need a mount namespace of the container's")
    }
    for mount in plan.mounts where mount.propagation.contains(where: { $0.kind != .private }) {
      throw .unusable(
        field: "\(mount.field).options",
        "only private mounts are possible without a mount namespace of the container's")
    }
  }

  /// Finds the root's directory while that is still to be seen.
  mutating func openPlace(_ rootfs: String) throws(RuntimeError) {
    guard path == nil else { return }
    place = try during("bind the root filesystem \(rootfs)") { () throws(SystemError) in
      try OwnedDescriptor.open(rootfs, [.path, .directory])
    }.release()
    try during("open the working directory") { () throws(SystemError) in
      root = try OwnedDescriptor.open("/", [.path, .directory]).release()
      workingDirectory = try OwnedDescriptor.open(".", [.path, .directory]).release()
    }
  }

  /// Enters the namespace with the root and working directory that the runtime has.
  func enter() throws(SystemError) {
    try Namespace.mount.join(descriptor)
    guard root >= 0 else { return }
    try ProcessAttributes.changeDirectory(descriptor: root)
    try ProcessAttributes.changeRoot(".")
    try ProcessAttributes.changeDirectory(descriptor: workingDirectory)
  }
}

extension ContainerPlan {
  /// Whether the root is mounted among mounts of others.
  var sharesMounts: Bool { mountHome != nil }

  /// Instead of a namespace that the init stage keeps it gets one to work in.
  mutating func takeMountHome(_ joined: (descriptor: Int32, path: String)?) throws(RuntimeError) {
    guard joined != nil || !newNamespaces.contains(.mount) else { return }
    newNamespaces.insert(.mount)
    if let joined {
      mountHome = MountHome(descriptor: joined.descriptor, path: joined.path)
      return
    }
    let own = try during("open the mount namespace") { () throws(SystemError) in
      try OwnedDescriptor.open("/proc/self/ns/mnt")
    }
    mountHome = MountHome(descriptor: own.release(), path: nil)
  }
}
