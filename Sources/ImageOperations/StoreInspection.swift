import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import StateStore

/// Looks through the images and layers for damage; changes nothing.
final class StoreInspection {
  /// What is wrong, as far as it matters for mending it.
  enum Cause {
    case name(ImageReference)
    case nameFile(String)
    case record(Digest)
    /// A manifest, a config or an index.
    case document(Digest)
    case layerBlob(BlobDescriptor)
    case layer(LayerInstaller.Job)
    /// A layer that cannot be made anew: manifest or config of its image are unreadable.
    case lostLayer(Digest)
    case leftover
  }

  struct Finding {
    var problem: StoreProblem
    var cause: Cause
    /// The image it was found by.
    var image: Digest?
  }

  private let store: ImageStore
  private let request: CheckRequest
  private let reporter: Reporter
  private(set) var findings: [Finding] = []
  private var checkedBlobs: [Digest: Bool] = [:]
  private var checkedLayers: Set<Digest> = []
  private var needed: (blobs: Set<Digest>, layers: Set<Digest>) = ([], [])

  /// The store is somebody else's: nothing is written in it, not even to compare, and what is left
  /// over there is none of our business.
  private let isForeign: Bool

  init(
    _ store: ImageStore, _ request: CheckRequest, _ reporter: Reporter, isForeign: Bool = false
  ) {
    self.store = store
    self.request = request
    self.reporter = reporter
    self.isForeign = isForeign
  }

  func run() throws -> [Finding] {
    let names = try inspectNames()
    for hex in try RecordStore("\(store.root)/records").names() {
      guard let id = Digest(algorithm: .sha256, hex: hex) else {
        tell(leftover: "\(store.root)/records/\(hex)", "is no image's record")
        continue
      }
      do {
        guard let image = try store.findOwn(id: id), image.id == id else { continue }
        try inspect(image, names.filter { $0.image == id })
      } catch let error as ImageStoreError {
        tell("image \(id.shortID)", "its record is damaged (\(error.report.message))", .record(id))
      }
    }
    if !isForeign { try inspectLeftovers() }
    return findings
  }

  private func tell(_ subject: String, _ message: String, _ cause: Cause, image: Digest? = nil) {
    findings.append(
      Finding(problem: StoreProblem(subject, message), cause: cause, image: image))
  }

  private func tell(leftover path: String, _ message: String) {
    findings.append(
      Finding(problem: StoreProblem(path, message, isLeftover: true), cause: .leftover, image: nil))
  }
}

extension StoreInspection {
  private func inspectNames() throws -> [ImageName] {
    var good: [ImageName] = []
    for entry in try store.nameFiles() {
      guard let name = entry.name else {
        tell("name \(entry.shown)", "its record is damaged", .nameFile(entry.path))
        continue
      }
      if FileTree.exists("\(store.root)/records/\(name.image.hex)") {
        good.append(name)
      } else {
        tell(
          "name \(name.reference.full)", "the image \(name.image.shortID) it stands for is missing",
          .name(name.reference))
      }
    }
    return good
  }

  private func inspect(_ image: StoredImage, _ names: [ImageName]) throws {
    reporter.progress(image.id.shortID, .copying)
    let documents = [image.id] + Set([image.manifest] + names.map(\.manifest))
    let shown = names.first?.reference.familiar ?? image.id.shortID
    var bytes: [Digest: [UInt8]] = [:]
    for digest in documents + Set(names.compactMap(\.index)) {
      needed.blobs.insert(digest)
      bytes[digest] = document(digest, of: shown, image.id)
    }
    guard let configBytes = bytes[image.id], let config = try? ImageConfig.decode(configBytes)
    else { return inspectLayers(image, shown) }
    var jobs: [LayerInstaller.Job] = []
    for digest in documents.dropFirst() {
      guard let data = bytes[digest],
        case .manifest(let manifest)? = try? ManifestDocument.decode(data),
        (try? config.check(against: manifest)) != nil
      else { continue }
      for layer in manifest.layers { try inspect(layer, of: shown, image.id) }
      if jobs.isEmpty || digest == image.manifest {
        jobs = LayerInstaller.jobs(manifest, config)
      }
    }
    if jobs.isEmpty { return inspectLayers(image, shown) }
    for job in jobs { try inspect(job, of: shown, image.id) }
    try compare(image, config, jobs)
  }

  /// A record must say what config and layers say: a flipped bit in it is found so.
  private func compare(
    _ image: StoredImage, _ config: ImageConfig, _ jobs: [LayerInstaller.Job]
  ) throws {
    let layers = jobs.compactMap { job in
      (try? store.layers.find(job.chain)).map { (chain: job.chain, layer: $0) }
    }
    guard layers.count == jobs.count else { return }
    let expected = try ImageInstaller.record(
      config, id: image.id, manifest: image.manifest, layers: layers)
    if image != expected {
      tell("image \(image.id.shortID)", "its record is not what its config says", .record(image.id))
    }
  }

  /// A small blob's bytes; nil when they are missing or wrong.
  private func document(_ digest: Digest, of shown: String, _ image: Digest) -> [UInt8]? {
    let reason: String
    do {
      let bytes = try store.blobs.load(digest)
      if Hasher.digest(of: bytes, digest.algorithm) == digest { return bytes }
      reason = "its contents have changed"
    } catch {
      reason = error == .missingBlob(digest) ? "is missing" : error.report.message
    }
    if checkedBlobs.updateValue(false, forKey: digest) == nil {
      tell("blob \(digest)", "\(reason) (\(shown))", .document(digest), image: image)
    }
    return nil
  }

  private func inspect(_ layer: BlobDescriptor, of shown: String, _ image: Digest) throws {
    needed.blobs.insert(layer.digest)
    if checkedBlobs[layer.digest] != nil { return }
    let reason = try store.flaw(of: layer, readsAll: request.depth != .quick)
    checkedBlobs[layer.digest] = reason == nil
    if let reason {
      tell("blob \(layer.digest)", "\(reason) (\(shown))", .layerBlob(layer), image: image)
    }
  }

  private func inspect(_ job: LayerInstaller.Job, of shown: String, _ image: Digest) throws {
    needed.layers.insert(job.chain)
    guard checkedLayers.insert(job.chain).inserted else { return }
    var flaws = store.flaw(ofLayer: job.chain).map { [$0] } ?? []
    if flaws.isEmpty, let layer = try store.layers.find(job.chain),
      layer.diffID != job.diffID || layer.parent != job.parent
    {
      flaws = ["its record is damaged"]
    }
    if flaws.isEmpty, request.depth == .files, !isForeign,
      checkedBlobs[job.descriptor.digest] == true
    {
      flaws = try LayerInstaller(store: store, reporter: reporter).differences(job).map {
        "\($0.path) \($0.reason)"
      }
    }
    guard let first = flaws.first else { return }
    let more = flaws.count > 1 ? ", and \(flaws.count - 1) more" : ""
    tell("layer \(job.chain.hex)", "\(first)\(more) (\(shown))", .layer(job), image: image)
  }

  /// Without manifest and config, only what the record names can be looked for.
  private func inspectLayers(_ image: StoredImage, _ shown: String) {
    for chain in image.layers {
      needed.layers.insert(chain)
      guard checkedLayers.insert(chain).inserted, let flaw = store.flaw(ofLayer: chain) else {
        continue
      }
      tell("layer \(chain.hex)", "\(flaw) (\(shown))", .lostLayer(chain), image: image.id)
    }
  }
}

extension StoreInspection {
  private func inspectLeftovers() throws {
    needed.layers.formUnion(request.users.layersInUse)
    for (_, images, _) in store.listAdditional() {
      needed.layers.formUnion(images.flatMap(\.layers))
    }
    let lease = try Lease.living(store)
    var parents = needed.layers.union(lease.layers)
    while !parents.isEmpty {
      needed.layers.formUnion(parents)
      parents = Set(parents.compactMap { (try? store.layers.find($0))??.parent })
        .subtracting(needed.layers)
    }
    let root = store.layers.root
    for name in try store.layers.names() {
      let path = "\(root)/\(name)"
      if name.hasPrefix(LayerDirectory.trashPrefix) {
        tell(leftover: path, "was being deleted")
      } else if name.hasPrefix(LayerDirectory.ingestPrefix) {
        let chain = String(name.dropFirst(LayerDirectory.ingestPrefix.count))
        if try !ObjectLock.isHeld(store.lockPath(.layer, chain)) {
          tell(leftover: path, "was being unpacked")
        }
      } else if let chain = Digest(algorithm: .sha256, hex: name), !needed.layers.contains(chain) {
        tell(leftover: path, "is a layer that nothing needs")
      }
    }
    for digest in try store.blobs.list()
    where !needed.blobs.contains(digest) && !lease.blobs.contains(digest) {
      tell(leftover: store.blobs.path(digest), "is a blob that nothing needs")
    }
    for name in try RecordStore(store.blobs.ingestDirectory).names() {
      let path = "\(store.blobs.ingestDirectory)/\(name)"
      if name.hasPrefix(Staging.prefix) {
        if try !FileLock.isHeld("\(path)/lock") { tell(leftover: path, "was being loaded") }
      } else if let status = try FileStatus.find(path),
        Clock.realtime() - status.modified > request.age,
        try !ObjectLock.isHeld(store.lockPath(.blob, String(name.prefix { $0 != "." })))
      {
        tell(leftover: path, "was being downloaded")
      }
    }
  }
}

extension ImageStore {
  /// What is wrong with a layer's blob; nil when nothing is.
  func flaw(of layer: BlobDescriptor, readsAll: Bool) throws -> String? {
    let path = blobs.location(layer.digest)
    guard let status = try FileStatus.find(path) else { return "is missing" }
    guard status.size == layer.size else {
      return "has \(status.size) bytes instead of \(layer.size)"
    }
    if !readsAll { return nil }
    let hasher = Hasher(layer.digest.algorithm)
    do {
      let file = try OwnedDescriptor.open(path)
      let source = DescriptorSource(file.raw)
      while let bytes = try source.next() { hasher.update(bytes) }
    } catch {
      return "cannot be read (\(HelperProgram.report(of: error).message))"
    }
    return hasher.finish() == layer.digest ? nil : "its contents have changed"
  }

  /// What is wrong with an unpacked layer at first sight; nil when nothing is.
  func flaw(ofLayer chain: Digest) -> String? {
    if !layers.holds(chain), layers.contains(chain) {
      return FileTree.exists(layers.diff(chain)) ? nil : "its files are missing"
    }
    guard FileTree.exists(layers.path(chain)) else { return "is missing" }
    do {
      guard try layers.find(chain) != nil else { return "its record is missing" }
    } catch {
      return "its record is damaged"
    }
    guard FileTree.exists(layers.diff(chain)) else { return "its files are missing" }
    let link = "\(layers.root)/\(layers.shortLink(chain))"
    guard (try? FileTree.readLink(link)) == "../\(chain.hex)/diff" else {
      return "its short name is missing"
    }
    return nil
  }
}
