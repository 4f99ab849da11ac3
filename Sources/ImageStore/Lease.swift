import LinuxSystem
public import Model
import StateStore

/// Keeps blobs and layers from being collected while no image names them yet.
///
/// It is a file that lists them, locked for as long as it counts: when its owner ends, however he
/// ends, it counts no more.
public struct Lease: ~Copyable {
  private let lock: FileLock
  private let path: String

  /// Takes a lease on what will be used; whatever of it exists now stays.
  public init(_ store: ImageStore, blobs: [Digest] = [], layers: [Digest] = [])
    throws(ImageStoreError)
  {
    var record = LineRecord()
    for blob in blobs { record.append("blob", "\(blob)") }
    for layer in layers { record.append("layer", "\(layer)") }
    // Shared with other leases; a collection waits only while leases are made, and they for it only
    // while it decides (milliseconds).
    let turn = try stated { () throws(StateError) in
      try ObjectLock.acquire(store.lockPath(.collection, "turn"), shared: true)
    }
    let name =
      "\(store.root)/leases/\(try system { () throws(SystemError) in try RandomName.make() })"
    let text = record.text
    lock = try system { () throws(SystemError) in
      try FileTree.ensureDirectory("\(store.root)/leases")
      let lock = try FileLock(name)
      try Descriptor.writeAll(lock.descriptor, text)
      return lock
    }
    path = name
    _ = turn.descriptor
  }

  deinit {
    // Left behind it is swept by the next collection, as after a kill.
    _ = try? FileTree.unlinkIfPresent(path)
  }

  /// What all living leases protect; dead ones are removed.
  ///
  /// Called by a collection in its turn.
  public static func living(_ store: ImageStore) throws(ImageStoreError) -> (
    blobs: Set<Digest>, layers: Set<Digest>
  ) {
    let directory = RecordStore("\(store.root)/leases")
    var blobs: Set<Digest> = []
    var layers: Set<Digest> = []
    for name in try stated({ () throws(StateError) in try directory.names() }) {
      let path = directory.path(name)
      guard try stated({ () throws(StateError) in try ObjectLock.isHeld(path) }) else {
        try system { () throws(SystemError) in _ = try FileTree.unlinkIfPresent(path) }
        continue
      }
      guard let record = try stated({ () throws(StateError) in try directory.find(name) }) else {
        continue
      }
      blobs.formUnion(record.all("blob").compactMap { try? Digest($0) })
      layers.formUnion(record.all("layer").compactMap { try? Digest($0) })
    }
    return (blobs, layers)
  }
}
