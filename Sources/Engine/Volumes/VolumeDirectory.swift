import LinuxSystem
import Model
import StateStore

/// A named volume: `volumes/<name>/_data`.
struct VolumeDirectory {
  let context: EngineContext
  let name: String

  var path: String { "\(context.volumes)/\(name)" }
  var data: String { "\(path)/_data" }

  /// Options of the volume that hold for every mount of it: a bind mount may lose them (mount(2)).
  func mountFlags() throws -> [String] {
    guard let known = try RecordStore(path).find("volume") else { return [] }
    return VolumeMount(Volume(name: name, record: known).options)?.mountFlags ?? []
  }

  /// The data directory, made when missing.
  ///
  /// A volume that is empty gets what the image has at `destination` (nil: nothing), exactly once:
  /// the copy is finished before the volume is said to be filled. Else it is `owner`'s, the caller's
  /// when nil.
  func prepare(
    copyingUp destination: String?, from root: borrowing RootDirectory,
    owner: (uid: UInt32, gid: UInt32)? = nil
  ) throws -> String {
    if let known = try RecordStore(path).find("volume"), known.flag("filled") {
      try mount(known)
      return data
    }
    let lockPath = VolumeTrash.lock(of: name, context)
    let lock = try ObjectLock.acquire(lockPath)
    // Somebody else may have been at it until now.
    var record = try RecordStore(path).find("volume") ?? LineRecord()
    if !record.flag("filled") {
      try fill(&record, copyingUp: destination, from: root, owner: owner)
    }
    try mount(record)
    // Nobody asks for the lock of a volume that is filled.
    try lock.remove(lockPath)
    return data
  }

  private func fill(
    _ record: inout LineRecord, copyingUp destination: String?,
    from root: borrowing RootDirectory, owner: (uid: UInt32, gid: UInt32)?
  ) throws {
    try FileTree.ensureDirectory(context.volumes)
    try FileTree.ensureDirectory(data, mode: 0o755)
    var isEmpty = try FileTree.list(data).isEmpty
    if isEmpty, let owner { try FileTree.setOwner(data, uid: owner.uid, gid: owner.gid) }
    if isEmpty, let destination {
      try TreeCopy.copyUp(from: root, path: destination, to: data)
      isEmpty = try FileTree.list(data).isEmpty
    }
    let isNew = record["created"] == nil
    // One that is empty still can be filled by another image, as with docker.
    if !isEmpty { record["filled"] = "true" } else if !isNew { return }
    record["name"] = name
    if isNew { record["created"] = "\(Clock.realtime())" }
    try RecordStore(path).write("volume", record, durability: .power)
    if isNew { context.note(volume: "create", name: name) }
  }

  /// Mounts what the volume's options say, if anything.
  private func mount(_ record: LineRecord) throws {
    try VolumeMount(Volume(name: name, record: record).options)?.mount(at: data, named: name)
  }
}
