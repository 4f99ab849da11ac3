import LinuxSystem
public import Model
import OCISpec
import StateStore
import UserNamespaces

/// Removes containers with their files.
public struct RemoveContainer {
  private let context: EngineContext
  private let store: ContainerStore
  private let batch: TrashBatch?

  /// `collecting`: where the files go for now, by whoever removes several containers.
  public init(_ context: EngineContext, collecting batch: TrashBatch? = nil) {
    self.context = context
    self.batch = batch
    store = ContainerStore(context)
  }

  /// How to remove.
  public struct Options: Sendable {
    /// A running container is killed first.
    public var force: Bool
    /// Its anonymous volumes go too.
    public var volumes: Bool
    /// Seconds between the stop signal and SIGKILL; nil kills at once.
    public var timeout: Int?
    /// Containers that need it go first.
    public var dependents: Bool

    public init(force: Bool, volumes: Bool, timeout: Int? = nil, dependents: Bool = false) {
      self.force = force
      self.volumes = volumes
      self.timeout = timeout
      self.dependents = dependents
    }
  }

  /// - Returns: the ids of all that were removed, the container last.
  public func run(_ id: String, _ options: Options) throws -> [String] {
    var removed: [String] = []
    if options.dependents {
      for other in Dependents(store).of(id) { removed += try run(other, options) }
    }
    try run(id, force: options.force, volumes: options.volumes, timeout: options.timeout)
    return removed + [id]
  }

  /// Takes away what a container that has ended left outside its own files.
  public func tidy(_ id: String) throws {
    let config = try store.load(id)
    let status = try StatusReader(store).read(id)
    guard status.isIdle else {
      throw EngineError.running(id, state: status.word)
    }
    try StopContainer(context).awaitEnd(id)
    try RuntimeState(context).forget(config)
    try FileTree.removeTree(store.liveDirectory(id))
  }

  /// `force`.
  ///
  /// A running container is killed first. `volumes`: its anonymous volumes go too. `timeout`:
  /// seconds between the stop signal and SIGKILL; nil kills at once. `onlyIdle`: one that somebody is
  /// about to start stays (`EngineError.running`), in the place of being stopped or waited for.
  public func run(
    _ id: String, force: Bool, volumes: Bool, timeout: Int? = nil, onlyIdle: Bool = false
  ) throws {
    let config = try? store.load(id)
    // Of one that we could not start.
    _ = context.takeKeptLock(of: id)
    let lock: FileLock?
    if onlyIdle {
      try refuseDependents(of: id)
      lock = try takeIdle(id)
    } else {
      lock = nil
      let status = try StatusReader(store).read(id)
      try refuseDependents(of: id)
      try end(id, status, force: force, timeout: timeout)
    }
    if let config { try RuntimeState(context).forget(config) }
    let takesVolumes = volumes || config?.lifecycle.autoRemove == true
    if takesVolumes, let config { markVolumes(of: config) }
    let isOurs = try store.unlist(id, name: config?.name ?? "")
    _ = consume lock
    // Another command was faster: it says so. Who insists, or meets a monitor that cleans up, has what
    // he wanted.
    if !isOurs && !force && config?.lifecycle.autoRemove != true {
      throw EngineError.noSuchContainer(config?.name ?? id)
    }
    var paths = [store.trash(id)]
    if takesVolumes, let config {
      paths += try unlistVolumes(config)
    }
    try FileTree.removeTree(store.liveDirectory(id))
    if let config { context.note("remove", config) }
    if let batch { batch.add(paths) } else { try Trash(context).remove(paths) }
  }

  private func refuseDependents(of id: String) throws {
    let dependents = Dependents(store).of(id)
    guard dependents.isEmpty else { throw EngineError.hasDependents(id, dependents) }
  }

  private func end(_ id: String, _ status: ContainerStatus, force: Bool, timeout: Int?) throws {
    if status == .initialized {
      try StopContainer(context).stop(id, timeout: 0)
    } else if status.isAlive || status == .restarting {
      guard force else { throw EngineError.running(id, state: status.word) }
      try StopContainer(context).stop(id, timeout: timeout ?? 0)
    } else if try FileLock.isHeld(store.monitorLock(id)) {
      // It may be on its way up, with a runtime that takes its time.
      if force { try StopContainer(context).stop(id, timeout: timeout ?? 0) }
      try StopContainer(context).awaitEnd(id)
    }
  }

  /// The lock of a container in which nothing runs or is about to: a start that comes later finds none.
  private func takeIdle(_ id: String) throws -> FileLock {
    for _ in 0..<2_000 {
      let before = try FileStatus.find(store.monitorLock(id))
      let status = try StatusReader(store).read(id)
      guard status.isIdle else { throw EngineError.running(id, state: status.word) }
      if let lock = try store.takeMonitorLock(id) {
        // A start that came in between has written into it, and its monitor may be dead by now.
        let now = try FileStatus.of(descriptor: lock.descriptor)
        guard now.size == before?.size ?? 0, now.modified == before?.modified ?? now.modified else {
          continue
        }
        return lock
      }
      // The monitor of one that has ended tidies up; another holder is about to start it.
      guard case .exited = status else { break }
      try Clock.pause(milliseconds: 5)
    }
    throw EngineError.running(id, state: ContainerStatus.initialized.word)
  }

  private static let volumesMark = "remove-volumes"

  /// Writes down that its anonymous volumes go too, for whoever finds the container in the trash.
  private func markVolumes(of config: ContainerConfig) {
    guard !config.lifecycle.autoRemove,
      config.mounts.contains(where: { $0.kind == .volume && $0.anonymous })
    else { return }
    // On a full disk the removal must go on; only a kill at the wrong moment leaves a volume then.
    try? FileTree.write("\(store.directory(config.id))/\(Self.volumesMark)", "")
  }

  /// Anonymous volumes of containers whose removal was interrupted after they went to the trash.
  private func finishVolumes(_ id: String) throws {
    let trash = store.trash(id)
    guard id.count == 64, let bytes = try? FileTree.read("\(trash)/config.json", limit: 16 << 20),
      let config = try? ContainerConfig(parsing: bytes),
      config.lifecycle.autoRemove || FileTree.exists("\(trash)/\(Self.volumesMark)")
    else { return }
    _ = try unlistVolumes(config)
  }

  /// Removes what killed commands left: half-made containers whose maker is gone, emptied trash, and
  /// the names and locks of both.
  public func sweep() throws {
    let lost = (try? FileTree.list(context.trash)) ?? []
    try store.removeNames(ofLost: Set(lost))
    for id in lost { try finishVolumes(id) }
    try ContainerDraft.discardAbandoned(in: context.containers, to: context.trash) {
      id throws(SystemError) in try store.removeNames(ofLost: [id])
    }
    try Trash(context).remove(trashed)
    try VolumeTrash(context).sweep()
  }

  /// What killed commands left: half-made containers whose maker is gone, and emptied trash.
  func leftovers() -> [String] {
    ContainerDraft.abandoned(in: context.containers) + trashed + VolumeTrash(context).abandoned()
  }

  /// Containers in the trash.
  private var trashed: [String] {
    ((try? FileTree.list(context.trash)) ?? []).filter { !VolumeTrash.isVolume($0) }
      .map { "\(context.trash)/\($0)" }
  }

  /// Anonymous volumes, moved out of sight.
  func unlistVolumes(_ config: ContainerConfig) throws -> [String] {
    var moved: [String] = []
    for mount in config.mounts where mount.kind == .volume && mount.anonymous {
      let target = "\(context.trash)/volume-\(mount.source)"
      do throws(SystemError) {
        try FileTree.rename("\(context.volumes)/\(mount.source)", to: target)
        moved.append(target)
        context.note(volume: "remove", name: mount.source)
      } catch {
        guard error.errno == Errno.noEntry else { throw error }
        // The command that saw the container end was first.
        if FileTree.exists(target) { moved.append(target) }
      }
    }
    return moved
  }

  /// A monitor's last act for a container that goes when it ends (`--rm`).
  ///
  /// Runs inside the user namespace; whatever another command did already is fine.
  public func cleanUp(_ id: String) throws {
    let trash = store.trash(id)
    var config = try? store.load(id)
    if config == nil, let bytes = try? FileTree.read("\(trash)/config.json", limit: 16 << 20) {
      config = try? ContainerConfig(parsing: bytes)
    }
    if let config {
      try store.unlist(id, name: config.name)
      // Only there if the runtime hung when the monitor had it delete the container.
      try RuntimeState(context).forget(config)
    }
    var paths = [trash]
    if let config {
      paths += try unlistVolumes(config)
      if let file = config.lifecycle.cidFile { try FileTree.unlinkIfPresent(file) }
    }
    // We are in the monitor's mount namespace, where the root is still mounted; a root that is a
    // directory of the user's has no mount there.
    try? MountCall.detach(store.mountPoint)
    try FileTree.removeTree(store.liveDirectory(id))
    for path in paths { try FileTree.removeTree(path) }
    if let config {
      context.note("remove", config)
      _ = try removeImage(of: config)
    }
  }

  /// Sees to it that a container with `--rmi` whose end the caller has seen has taken its image along:
  /// its monitor may still be at it.
  public func finishImage(of config: ContainerConfig) throws {
    guard config.lifecycle.removesImage else { return }
    try store.unlist(config.id, name: config.name)
    _ = try removeImage(of: config)
  }

  /// Removes the image of a container that is gone, if it was to take that along.
  ///
  /// - Returns: why not, if so.
  public func removeImage(of config: ContainerConfig) throws -> ErrorReport? {
    guard config.lifecycle.removesImage, let image = config.image else { return nil }
    var removal = RemoveImages(context)
    let word = image.name.isEmpty ? image.id : image.name
    return try removal.run([word], force: false, ignoresMissing: true).failures.first
  }
}

/// Files that nothing refers to any more.
///
/// Their owners may be subordinate ids, so removing them can need the user namespace.
public struct Trash {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  public func remove(_ paths: [String]) throws {
    var left: [String] = []
    for path in paths where (try? FileTree.removeTree(path)) == nil { left.append(path) }
    if left.isEmpty { return }
    let child = try context.userNamespace().spawn {
      for path in left { _ = try? FileTree.removeTree(path) }
      return 0
    }
    _ = try child.wait()
    // Another command may be at the same work: what counts is that it is gone.
    let stuck = left.filter { FileTree.exists($0) }
    guard stuck.isEmpty else {
      throw ErrorReport(.unavailable, "cannot remove \(stuck.joined(separator: ", "))")
    }
  }
}
