import ImageDocuments
import ImageStore
import LinuxSystem
import Model
import OCISpec
import StateStore

/// Deletes what no image, container or running command needs.
///
/// Deciding happens under a lock that others take only to announce what they will use; what goes is
/// first renamed away, so that afterwards a layer is there whole or not at all.
struct CollectGarbage {
  let store: ImageStore
  /// Partial downloads are kept this long for the next pull to go on with; nanoseconds.
  var partialLifetime: Int64 = 24 * 3_600 * 1_000_000_000

  func run(_ request: CollectRequest) throws -> HelperEvent.Result {
    var trash: [String] = []
    var freed: Int64 = 0
    var isStale = false
    try withTurn {
      isStale = try hasOtherContainers(request)
      if isStale { return }
      let needed = try needs(request)
      freed += try removeBlobs(keeping: needed.blobs)
      trash = try setAside(keeping: needed.layers, mapped: Set(request.mappedInUse))
    }
    if isStale {
      var result = HelperEvent.Result(freed: 0)
      result.isStale = true
      return result
    }
    var errors = ErrorCollector()
    for path in trash {
      errors.collect {
        // Only for the sum that is shown.
        let size = try? RecordStore(path).find(LayerDirectory.recordName)?.integer("size")
        try FileTree.removeTree(path)
        freed += size ?? 0
      }
    }
    errors.collect { try sweepIngest() }
    errors.collect { try sweepLocks() }
    let blobs = Digest.Algorithm.allCases.map { "blobs/\($0.rawValue)" }
    for directory in ["records", "names", "former"] + blobs {
      errors.collect { try RecordStore("\(store.root)/\(directory)").removeLeftovers() }
    }
    try errors.check()
    return HelperEvent.Result(freed: freed)
  }

  private func withTurn(_ body: () throws -> Void) throws {
    let turn = try ObjectLock.acquire(store.lockPath(.collection, "turn"))
    try body()
    _ = turn.descriptor
  }

  /// Whether a container has come since the request was made, and with it the end of its lease.
  ///
  /// In our turn there are only those with a record, which we see, and those whose makers still have
  /// their leases.
  private func hasOtherContainers(_ request: CollectRequest) throws -> Bool {
    guard let known = request.containers.map(Set.init) else { return false }
    let directory = "\(store.data)/containers"
    guard FileTree.exists(directory) else { return false }
    return try FileTree.list(directory).contains { $0.utf8.count == 64 && !known.contains($0) }
  }

  private func needs(_ request: CollectRequest) throws -> (blobs: Set<Digest>, layers: Set<Digest>)
  {
    var (blobs, layers) = try Lease.living(store)
    layers.formUnion(request.layersInUse)
    var manifests: Set<Digest> = []
    for image in try store.list() {
      blobs.insert(image.id)
      manifests.insert(image.manifest)
      layers.formUnion(image.layers)
    }
    for name in try store.listNames() {
      manifests.insert(name.manifest)
      if let index = name.index { blobs.insert(index) }
    }
    let lists = ManifestListStore(store)
    for name in try lists.names() {
      // A list that cannot be read protects nothing.
      let list = try? lists.find(name)
      manifests.formUnion(list?.index.manifests.map(\.digest) ?? [])
    }
    for digest in manifests {
      blobs.insert(digest)
      // A manifest that cannot be read protects nothing more; system check tells of it.
      guard let bytes = try? store.blobs.load(digest),
        case .manifest(let manifest)? = try? ManifestDocument.decode(bytes)
      else { continue }
      blobs.insert(manifest.config.digest)
      blobs.formUnion(manifest.layers.map(\.digest))
    }
    if !request.dropsBorrowed {
      // What cannot be used where it is was unpacked here; it costs the time again.
      for (_, images, _) in store.listAdditional() { layers.formUnion(images.flatMap(\.layers)) }
    }
    // A layer needs those below it only to be extended, but its record names them.
    var parents = layers
    while !parents.isEmpty {
      parents = Set(try parents.compactMap { try store.layers.find($0)?.parent }).subtracting(
        layers)
      layers.formUnion(parents)
    }
    return (blobs, layers)
  }

  private func removeBlobs(keeping needed: Set<Digest>) throws -> Int64 {
    var freed: Int64 = 0
    for digest in try store.blobs.list() where !needed.contains(digest) {
      let path = store.blobs.path(digest)
      if try ObjectLock.isHeld(store.lockPath(.blob, digest.hex)) { continue }
      freed += try FileStatus.find(path)?.size ?? 0
      try FileTree.unlinkIfPresent(path)
    }
    return freed
  }

  /// Renames away what goes, and returns where it is; needs no space on the disk.
  private func setAside(keeping needed: Set<Digest>, mapped: Set<String>) throws -> [String] {
    let root = store.layers.root
    var trash: [String] = []
    for name in try store.layers.names() {
      let path = "\(root)/\(name)"
      if name.hasPrefix(LayerDirectory.trashPrefix) {
        trash.append(path)
      } else if name.hasPrefix(LayerDirectory.ingestPrefix) {
        let chain = String(name.dropFirst(LayerDirectory.ingestPrefix.count))
        if try ObjectLock.isHeld(store.lockPath(.layer, chain)) { continue }
        trash += try rename(path)
      } else if let chain = Digest(algorithm: .sha256, hex: name), !needed.contains(chain) {
        trash += try rename(path)
        let link = "\(root)/\(store.layers.shortLink(chain))"
        try FileTree.unlinkIfPresent(link)
      }
    }
    for name in try RecordStore("\(root)/mapped").names() where !mapped.contains(name) {
      let isIngest = name.hasPrefix(LayerDirectory.ingestPrefix)
      let plain = isIngest ? String(name.dropFirst(LayerDirectory.ingestPrefix.count)) : name
      if try ObjectLock.isHeld(store.lockPath(.layer, plain)) { continue }
      let top = Digest(algorithm: .sha256, hex: plain.prefix(64))
      if !isIngest, let top, needed.contains(top) { continue }
      trash += try rename("\(root)/mapped/\(name)")
    }
    return trash
  }

  /// Takes a directory out of the store: where it is now, or nothing when its owner was faster.
  private func rename(_ path: String) throws -> [String] {
    let trash = "\(store.layers.root)/\(LayerDirectory.trashPrefix)\(try RandomName.make())"
    do throws(SystemError) {
      try FileTree.rename(path, to: trash)
      return [trash]
    } catch {
      if error.errno == Errno.noEntry { return [] }
      guard [Errno.noSpace, Errno.quota].contains(error.errno) else { throw error }
    }
    // Some filesystems need a free block to rename. Without its record it is no layer any more.
    try FileTree.unlinkIfPresent("\(path)/\(LayerDirectory.recordName)")
    return [path]
  }

  private func sweepIngest() throws {
    let directory = store.blobs.ingestDirectory
    for name in try RecordStore(directory).names() {
      let path = "\(directory)/\(name)"
      if name.hasPrefix(Staging.prefix) {
        try sweepStaging(path)
        continue
      }
      let hex = name.hasSuffix(".part") ? String(name.dropLast(5)) : name
      if try ObjectLock.isHeld(store.lockPath(.blob, hex)) { continue }
      guard let status = try FileStatus.find(path),
        Clock.realtime() - status.modified > partialLifetime
      else { continue }
      try FileTree.unlinkIfPresent(path)
    }
  }

  /// Removes what a killed command staged, holding its lock meanwhile.
  private func sweepStaging(_ path: String) throws {
    do throws(SystemError) {
      guard let lock = try FileLock.attempt("\(path)/lock") else { return }
      try FileTree.removeTree(path)
      _ = lock.descriptor
    } catch {
      // Whoever staged it was done and has removed it.
      guard error.errno == Errno.noEntry else { throw error }
    }
  }

  /// Lock files of nobody; each is removed by its holder, which is us.
  private func sweepLocks() throws {
    let directory = RecordStore("\(store.root)/locks")
    for name in try directory.names() where name != ObjectLock.fallbackName {
      if let lock = try ObjectLock.attempt(directory.path(name)) {
        try lock.remove(directory.path(name))
      }
    }
  }
}
