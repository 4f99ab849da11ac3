import LinuxSystem
import Model
import StateStore
import UserNamespaces

/// The volumes of one user: `volumes/<name>/` with a record and the data in `_data`.
public struct VolumeStore {
  private let context: EngineContext
  private let known: VolumeUsers

  public init(_ context: EngineContext) {
    self.context = context
    known = VolumeUsers(context)
  }

  /// Where a volume's files are.
  public func mountPoint(_ name: String) -> String {
    VolumeDirectory(context: context, name: name).data
  }

  /// All volumes, by name.
  public func list() throws -> [Volume] {
    do throws(SystemError) {
      return try FileTree.list(context.volumes).sorted().map(load)
    } catch {
      if error.errno == Errno.noEntry { return [] }
      throw error
    }
  }

  private func load(_ name: String) -> Volume {
    // A volume whose record is unreadable still has its files.
    let record = try? RecordStore("\(context.volumes)/\(name)").find("volume")
    return record.map { Volume(name: name, record: $0) } ?? Volume(name: name)
  }

  /// The volume of this name, or the only one whose name begins so; nil when there is none.
  public func find(_ name: String) throws -> Volume? {
    if ContainerName.isValid(name), FileTree.exists("\(context.volumes)/\(name)") {
      return load(name)
    }
    let matches = try list().filter { $0.name.hasPrefix(name) }
    if matches.count > 1 { throw VolumeError.ambiguous(name, matches.map(\.name)) }
    return name.isEmpty ? nil : matches.first
  }

  /// - Throws: `VolumeError.unknown` when there is none.
  public func resolve(_ name: String) throws -> Volume {
    guard let volume = try find(name) else { throw VolumeError.unknown(name) }
    return volume
  }

  /// Makes a volume, empty; `ignoring`: one that exists is fine and stays as it is.
  public func create(_ wanted: Volume, ignoring: Bool) throws -> Volume {
    guard ContainerName.isValid(wanted.name) else { throw VolumeError.invalidName(wanted.name) }
    try VolumeMount.check(wanted.options)
    let path = "\(context.volumes)/\(wanted.name)"
    return try locked(wanted.name) {
      if FileTree.exists(path) {
        guard ignoring else { throw VolumeError.exists(wanted.name) }
        return load(wanted.name)
      }
      var volume = wanted
      volume.created = Clock.realtime()
      let draft = try VolumeTrash(context).place(for: volume.name)
      try FileTree.ensureDirectory(context.volumes)
      try FileTree.ensureDirectory(draft)
      try FileTree.makeDirectory("\(draft)/_data", mode: 0o755)
      try FileTree.setMode("\(draft)/_data", 0o755)
      try own("\(draft)/_data", volume)
      var record = volume.record
      // What is mounted there has its own content.
      if !volume.options.isEmpty { record["filled"] = "true" }
      try RecordStore(draft).write("volume", record, durability: .power)
      try FileTree.renameNew(draft, to: path)
      context.note(volume: "create", name: volume.name)
      return volume
    }
  }

  /// Ids of a volume are those that containers see.
  private func own(_ path: String, _ volume: Volume) throws {
    guard volume.uid != nil || volume.gid != nil else { return }
    let child = try context.userNamespace().spawn {
      (try? FileTree.setOwner(path, uid: volume.uid ?? 0, gid: volume.gid ?? 0)) == nil ? 1 : 0
    }
    guard try child.wait() == .exited(0) else {
      throw ErrorReport(
        .invalidRequest,
        "the owner \(volume.uid ?? 0):\(volume.gid ?? 0) has no id in your user namespace")
    }
  }

  /// Ids of the containers that mount a volume, running or not.
  public func users(_ name: String) throws -> [String] { try known.of(name) }

  /// Removes a volume that no container mounts.
  ///
  /// `batch`: where its files go for now, by whoever removes several.
  public func remove(_ name: String, collecting batch: TrashBatch? = nil) throws {
    let path = "\(context.volumes)/\(name)"
    let trash = try VolumeTrash(context).place(for: name)
    try locked(name) {
      try refuseUsed(name)
      try FileTree.ensureDirectory(context.trash)
      do throws(SystemError) {
        try FileTree.rename(path, to: trash)
      } catch {
        guard error.errno == Errno.noEntry else { throw error }
        throw VolumeError.unknown(name)
      }
      do {
        try refuseUsed(name)
      } catch {
        // A container was created with it this moment: it has it back.
        try FileTree.renameNew(trash, to: path)
        throw error
      }
    }
    context.note(volume: "remove", name: name)
    if let batch { batch.add([trash]) } else { try Trash(context).remove([trash]) }
  }

  /// Removes what killed commands left of volumes.
  public func sweep() throws { try VolumeTrash(context).sweep() }

  private func refuseUsed(_ name: String) throws {
    let users = try users(name)
    if !users.isEmpty { throw VolumeError.inUse(name, by: users) }
  }

  private func locked<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
    let path = VolumeTrash.lock(of: name, context)
    let lock = try ObjectLock.acquire(path)
    let outcome = Result { try body() }
    try lock.remove(path)
    return try outcome.get()
  }

  /// Makes the volumes of a new container that do not exist.
  func ensure(_ config: ContainerConfig) throws {
    for mount in config.mounts where mount.kind == .volume {
      if FileTree.exists("\(context.volumes)/\(mount.source)") { continue }
      var volume = Volume(name: mount.source)
      volume.anonymous = mount.anonymous
      _ = try create(volume, ignoring: true)
    }
  }
}
