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
    let record = RecordStore(path)
    if let known = try record.find("volume"), known.flag("filled") {
      try VolumeMount(Volume(name: name, record: known).options)?.mount(at: data, named: name)
      return data
    }
    let lockPath = VolumeTrash.lock(of: name, context)
    let lock = try ObjectLock.acquire(lockPath)
    if try record.find("volume")?.flag("filled") == true { return data }
    try FileTree.ensureDirectory(context.volumes)
    try FileTree.ensureDirectory(data, mode: 0o755)
    if let owner, try FileTree.list(data).isEmpty {
      try FileTree.setOwner(data, uid: owner.uid, gid: owner.gid)
    }
    if let destination, try FileTree.list(data).isEmpty {
      try TreeCopy.copyUp(from: root, path: destination, to: data)
    }
    var filled = try record.find("volume") ?? LineRecord()
    let isNew = filled["created"] == nil
    // One that is empty still can be filled by another image, as with docker.
    if try !FileTree.list(data).isEmpty {
      filled["filled"] = "true"
    } else if !isNew {
      try VolumeMount(Volume(name: name, record: filled).options)?.mount(at: data, named: name)
      try lock.remove(lockPath)
      return data
    }
    filled["name"] = name
    if isNew { filled["created"] = "\(Clock.realtime())" }
    try record.write("volume", filled, durability: .power)
    if isNew { context.note(volume: "create", name: name) }
    // Nobody asks for the lock of a volume that is filled.
    try lock.remove(lockPath)
    return data
  }
}
