import LinuxSystem
import Model
import OCISpec
import UserNamespaces

/// Namespaces of other containers, or in the file system, that a container joins.
struct JoinedNamespaces {
  let context: EngineContext
  let config: ContainerConfig

  /// Their kinds, and as what they were asked for.
  private var asked: [(kind: RuntimeNamespace.Kind, mode: String)] {
    let namespaces = config.namespaces
    return [
      (.pid, namespaces.pid), (.ipc, namespaces.ipc), (.uts, namespaces.uts),
      (.cgroup, namespaces.cgroup),
    ]
  }

  /// How to come into the user namespace for the container: that of a container whose namespaces it
  /// joins, since only there it may.
  func userPlan() throws -> UserNamespacePlan {
    var network = config.network
    if !network.mode.hasPrefix("container:"),
      let other = asked.first(where: { $0.mode.hasPrefix("container:") })
    {
      network.mode = other.mode
    }
    return try NetworkSetup(network, context: context).namespacePlan()
  }

  /// Those that are joined, where they are now.
  func joined() throws -> [RuntimeNamespace] {
    var joined: [RuntimeNamespace] = []
    for (kind, mode) in asked {
      if mode.hasPrefix("ns:") {
        let path = String(mode.dropFirst(3))
        guard FileTree.exists(path) else {
          throw ErrorReport(.notFound, "\(kind.rawValue) namespace \(path) does not exist")
        }
        joined.append(RuntimeNamespace(kind, path: path))
      } else if let pid = try owner(mode) {
        joined.append(RuntimeNamespace(kind, path: "/proc/\(pid)/ns/\(kind.rawValue)"))
      }
    }
    return joined
  }

  private func owner(_ mode: String) throws -> Int32? {
    guard mode.hasPrefix("container:") else { return nil }
    let store = ContainerStore(context)
    let id = try store.resolve(String(mode.dropFirst("container:".count)))
    guard let pid = try StatusReader(store).read(id).pid else {
      throw ErrorReport(
        .conflict, "cannot join a namespace of container \(id.prefix(12)): it is not running",
        hint: "start it first: martlet start \(id.prefix(12))")
    }
    return pid
  }

  /// Mounts the /dev/shm of the container whose IPC namespace is joined at `place`; false when none
  /// is.
  ///
  /// Called in the user namespace of both, in a mount namespace of the new container's own.
  func borrowSharedMemory(at place: String) throws -> Bool {
    guard let pid = try owner(config.namespaces.ipc) else { return false }
    let own = try OwnedDescriptor.open("/proc/self/ns/mnt")
    let other = try OwnedDescriptor.open("/proc/\(pid)/ns/mnt")
    try Namespace.mount.join(other.raw)
    let copy: Result<Int32, SystemError>
    do throws(SystemError) { copy = .success(try MountCall.copyTree("/dev/shm").release()) } catch {
      copy = .failure(error)
    }
    try Namespace.mount.join(own.raw)
    let tree = OwnedDescriptor(owning: try copy.get())
    try FileTree.ensureDirectory(place)
    try MountCall.move(tree.raw, to: place)
    return true
  }
}
