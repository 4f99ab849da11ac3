import LinuxSystem
public import Model
import StateStore

/// Keeps blobs and layers from being collected while no image names them yet.
///
/// It is a file that lists them, locked for as long as it counts: when its owner ends, however he
/// ends, it counts no more. The files stay for the next ones: making and removing an inode is what
/// a filesystem is slowest at.
public struct Lease: ~Copyable {
  private let lock: FileLock

  /// More leases at once wait for each other.
  private static let slots = 4_096

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
    let text = record.text
    lock = try system { () throws(SystemError) in
      let lock = try Self.free("\(store.root)/leases")
      try Descriptor.writeAll(lock.descriptor, text)
      // Mostly it is as long as the one before, and giving a block back takes long.
      if try FileStatus.of(descriptor: lock.descriptor).size > text.utf8.count {
        try Descriptor.truncate(lock.descriptor, to: Int64(text.utf8.count))
      }
      return lock
    }
    _ = turn.descriptor
  }

  /// A file that nobody holds; where the search begins differs, so that many find one at once.
  private static func free(_ directory: String) throws(SystemError) -> FileLock {
    try FileTree.ensureDirectory(directory)
    let start = Int(CurrentProcess.id) % 64
    for slot in 0..<slots {
      if let lock = try FileLock.attempt("\(directory)/\((start + slot) % slots)") { return lock }
    }
    return try FileLock("\(directory)/\(start)")
  }

  /// What all living leases protect.
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
      guard try stated({ () throws(StateError) in try ObjectLock.isHeld(path) }) else { continue }
      guard let record = try stated({ () throws(StateError) in try directory.find(name) }) else {
        continue
      }
      blobs.formUnion(record.all("blob").compactMap { try? Digest($0) })
      layers.formUnion(record.all("layer").compactMap { try? Digest($0) })
    }
    return (blobs, layers)
  }
}
