import ImageStore
import LinuxSystem
import Model
import StateStore
import UserNamespaces

/// A container's files as another process can reach them: the root of its process while it runs,
/// else its layers, mounted for the occasion.
///
/// While a value of a stopped container lives, the container does not start.
final class ContainerFiles {
  let context: EngineContext
  let config: ContainerConfig
  /// The root of the running process.
  private var live: LiveRoot?
  private var lock: ObjectLock?
  /// In the helper's process: where the root is mounted.
  private var mounted: String?

  private final class LiveRoot {
    let descriptor: OwnedDescriptor
    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
  }

  /// Opens the files of a container in whatever state it is.
  init(_ context: EngineContext, _ id: String) throws {
    self.context = context
    let store = ContainerStore(context)
    config = try store.load(id)
    let directory = store.directory(id)
    // A monitor that comes or goes has the files mounted, and no process to reach them by.
    for _ in 0..<500 {
      if let pid = try StatusReader(store).read(id).pid {
        live = try Self.open(pid)
        lock = nil
        // The number could be another process's by now, and its root the machine's.
        if live != nil, try StatusReader(store).read(id).pid == pid { return }
      } else {
        live = nil
        lock = try ObjectLock.acquire(Self.lockPath(directory))
        if try !FileLock.isHeld(store.monitorLock(id)) {
          try MountHolder.refuse(directory, name: config.name)
          try MappedLayer(context).renew(config)
          return
        }
      }
      lock = nil
      try Clock.pause(milliseconds: 10)
    }
    throw ErrorReport(
      .conflict, "container \(config.name) is starting or stopping", hint: "try again")
  }

  /// The root of a process; nil when it has ended meanwhile.
  private static func open(_ pid: Int32) throws -> LiveRoot? {
    do throws(SystemError) {
      return LiveRoot(try OwnedDescriptor.open("/proc/\(pid)/root", [.path, .directory]))
    } catch {
      if error.errno == Errno.noEntry || error.errno == Errno.noProcess { return nil }
      throw error
    }
  }

  private static func lockPath(_ directory: String) -> String { "\(directory)/files.lock" }

  /// Waits until nobody has the files of a stopped container mounted; its caller holds the monitor's
  /// lock, so nobody new will.
  static func waitUntilFree(_ directory: String) throws {
    let path = lockPath(directory)
    if FileTree.exists(path) { _ = try ObjectLock.acquire(path) }
  }

  /// Two stopped containers in one helper need two places.
  private var ownMountPoint: String { "\(context.runtimeRoot)/rootfs-\(config.id.prefix(12))" }

  deinit {
    // The helper made it; where it did not, there is nothing to remove.
    if live == nil { try? FileTree.removeDirectory(ownMountPoint) }
  }

  /// The descriptor that a helper must inherit to reach the root of a running container.
  var descriptor: Int32? { live?.descriptor.raw }

  /// In the helper's process: where the root is, mounted if need be.
  func mount(withVolumes: Bool) throws -> String {
    if live != nil { return "/" }
    if let mounted { return mounted }
    let root = ContainerRoot(context: context, config: config)
    let path = try root.mount(volatile: false, at: ownMountPoint)
    if withVolumes { try root.mountVolumes(at: path) }
    mounted = path
    return path
  }

  /// Who the container's own process is, in its ids; in the helper's process, after `mount`.
  func user(root: String) throws -> CopyRequest.Owner {
    let opened =
      if let live {
        RootDirectory(
          owning: try OwnedDescriptor.open(".", [.path, .directory], in: live.descriptor.raw))
      } else {
        try RootDirectory(root)
      }
    let choice = config.namespaces.userns
    let text =
      config.process.user.isEmpty
      ? choice.defaultUser(context.uid, context.gid) : config.process.user
    let user = try UserLookup(root: opened).resolve(text)
    return CopyRequest.Owner(uid: user.uid, gid: user.gid)
  }

  /// The container's root without what is mounted in it, for `export`: where it is, and the directory
  /// to open it by when the container runs.
  ///
  /// A running container's root is mounted where its monitor lives; without a monitor, the process's
  /// own root serves.
  func bareRoot() throws -> LayersView {
    let store = ContainerStore(context)
    if let given = config.rootfs, !config.keepsRootfs { return LayersView(path: given) }
    guard let live else { return LayersView(path: nil) }
    let state = try RecordStore(store.liveDirectory(config.id)).find("state")
    if let monitor = state?.integer("monitor") {
      let path = "/proc/\(monitor)/root\(store.mountPoint)"
      do throws(SystemError) {
        return LayersView(held: try OwnedDescriptor.open(path, [.path, .directory]))
      } catch {
        guard error.errno == Errno.noEntry else { throw error }
      }
    }
    return LayersView(
      held: try OwnedDescriptor.open(".", [.path, .directory], in: live.descriptor.raw))
  }

  /// Where a root without mounts is: a path, an open directory, or nil for one still to be mounted.
  final class LayersView {
    let path: String?
    let descriptor: Int32?

    init(path: String?) {
      self.path = path
      descriptor = nil
    }

    init(held: consuming OwnedDescriptor) {
      path = nil
      descriptor = held.release()
    }

    deinit { if let descriptor { Descriptor.close(descriptor) } }
  }

  /// How the container's ids stand in the user namespace of helpers.
  func ids() throws -> TreeIDs { try Self.ids(config, context) }

  static func ids(_ config: ContainerConfig, _ context: EngineContext) throws -> TreeIDs {
    let mapping = try context.idMapping()
    let choice = config.namespaces.userns
    guard let nested = try choice.nested(in: mapping, uid: context.uid, gid: context.gid) else {
      return TreeIDs()
    }
    let range = { (range: IDRange) in
      TreeIDs.Range(image: range.inside, target: range.outside, length: range.count)
    }
    return TreeIDs(users: nested.users.map(range), groups: nested.groups.map(range))
  }
}
