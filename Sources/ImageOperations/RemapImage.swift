import ImageStore
import LayerArchive
import LayerStorage
import LinuxSystem
import Model
import StateStore

/// Makes a copy of an image's files whose owners fit another mapping of ids, once for each mapping.
///
/// Only the copy's own lock is held meanwhile. It appears whole, by rename, and is flushed when it is in
/// use already (MappedMark).
struct RemapImage {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: RemapRequest) throws -> HelperEvent.Result {
    guard let image = try store.find(id: try Digest(request.image)), let top = image.layers.last
    else { throw ImageStoreError.notFound(request.image) }
    guard !request.mapName.isEmpty, request.mapName.utf8.count <= 64,
      request.mapName.utf8.allSatisfy({ Self.isNameByte($0) })
    else { throw OperationError.badRequest("mapName \(request.mapName.debugDescription)") }
    let mapped = "\(store.layers.root)/mapped"
    try FileTree.ensurePlace(mapped)
    let refers = request.mayRefer && ReferringLayer.isPossible(in: mapped)
    let map = refers ? ReferringLayer.name(request.mapName) : request.mapName
    let path = store.layers.mapped(top, map: map)
    let result = HelperEvent.Result(
      path: refers ? ReferringLayer.directory(path) : "\(path)/diff")
    if MappedMark(path).isUsable { return result }

    let name = "\(top.hex)-\(map)"
    let lockPath = store.lockPath(.layer, name)
    let lock = try ObjectLock.acquire(lockPath) { holder in
      reporter.warn(
        "waiting for \(holder.map { "process \($0.pid) (\($0.command))" } ?? "another process"), "
          + "which is making the same copy")
    }
    if MappedMark(path).isUsable {
      try lock.remove(lockPath)
      return result
    }
    let lease = try Lease(store, layers: image.layers)
    let flush = try make(image, request, at: path, named: name, refers: refers)
    _ = lease
    try lock.remove(lockPath)
    // Where no process can be started for it, it is not durable; that is all.
    try? flush.detach()
    return result
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == 0x2D
  }

  private func make(
    _ image: StoredImage, _ request: RemapRequest, at path: String, named name: String,
    refers: Bool
  ) throws -> LateFlush {
    let place = "\(store.layers.root)/mapped/\(LayerDirectory.ingestPrefix)\(name)"
    try FileTree.removeTree(place)
    try LayerDirectory.makeFresh(place)
    let target = refers ? ReferringLayer.directory(place) : "\(place)/diff"
    try FileTree.ensureDirectory(target)
    try FileTree.setMode(target, 0o755)
    do {
      let flush = try LateFlush(of: place)
      let uids = IDTable(request.uids, kind: "uid")
      let gids = IDTable(request.gids, kind: "gid")
      let umask = CurrentProcess.setUmask(0)
      defer { _ = CurrentProcess.setUmask(umask) }
      let merger = try LayerMerger(into: target, refers: refers) { (owner) throws(ArchiveError) in
        (uid: try uids.translate(owner.uid), gid: try gids.translate(owner.gid))
      } onProgress: { [reporter] copied in
        reporter.progress(image.id.shortID, .copying, copied, of: image.size)
      }
      for layer in image.layers {
        // A record that cannot be read is no reason to fail: the files are what counts.
        let known = try? store.layers.find(layer)
        try merger.apply(
          store.layers.diff(layer), hasAttributes: known?.hasAttributes ?? true)
      }
      try flush.finishWithoutBootID()
      try setAside(path)
      try FileTree.rename(place, to: path)
      reporter.progress(image.id.shortID, .done)
      return flush
    } catch {
      // The cause is what counts; a collection removes what cannot be removed now.
      try? FileTree.removeTree(place)
      throw error
    }
  }

  /// Takes away what a power cut has left of a copy; a collection removes it where we cannot.
  private func setAside(_ path: String) throws {
    guard FileTree.exists(path) else { return }
    let trash = "\(store.layers.root)/\(LayerDirectory.trashPrefix)\(try RandomName.make())"
    try FileTree.rename(path, to: trash)
    try? FileTree.removeTree(trash)
  }

  private struct IDTable: Sendable {
    private let ranges: [RemapRequest.Range]
    private let kind: String

    init(_ ranges: [RemapRequest.Range], kind: String) {
      self.ranges = ranges
      self.kind = kind
    }

    func translate(_ id: UInt32) throws(ArchiveError) -> UInt32 {
      for range in ranges where id >= range.image && id - range.image < range.length {
        let (sum, overflow) = range.target.addingReportingOverflow(id - range.image)
        if !overflow { return sum }
      }
      throw .source(OperationError.unmapped(id: id, kind: kind).report)
    }
  }
}
