import Distribution
import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import Synchronization

/// Brings the blobs of one image into a repository, several at a time, and makes its manifest.
struct ImageUpload {
  let store: ImageStore
  let reporter: Reporter
  let target: PushTarget
  let plan: LayerPlan
  let mounts: MountCandidates
  /// Whether a manifest of something else than an image is copied as it is.
  var takesArtifacts = false

  static let workers = 3

  /// - Returns: the manifest, which is still to be pushed.
  func run(_ digest: Digest) throws -> (bytes: [UInt8], type: MediaType) {
    let bytes = try store.blobs.load(digest)
    guard case .manifest(let manifest) = try ManifestDocument.decode(bytes) else {
      throw ImageStoreError.damaged("manifest \(digest)")
    }
    var plan = plan
    plan.keepsLayers = takesArtifacts && manifest.isArtifact
    if !plan.keepsLayers {
      try manifest.checkRunnable()
    } else if plan.format == .docker {
      throw ErrorReport(
        .invalidRequest, "the format v2s2 has no artifacts, which \(digest) is",
        hint: "use --format oci")
    }
    let lease = try Lease(
      store, blobs: [digest, manifest.config.digest] + manifest.layers.map(\.digest))
    let layers = try uploadLayers(manifest.layers, plan)
    let config = try store.blobs.load(manifest.config.digest)
    _ = try target.client().pushBlob(
      manifest.config, to: target.place.reference, source: MemoryBlob(config),
      mountFrom: mounts.repositories()[manifest.config.digest])
    _ = lease
    if layers == manifest.layers, plan.keepsLayers || plan.format == nil {
      return (bytes, manifest.mediaType ?? manifest.format.manifestType)
    }
    return try finish(manifest, bytes, layers)
  }

  private func finish(
    _ manifest: Manifest, _ bytes: [UInt8], _ layers: [BlobDescriptor]
  ) throws -> (bytes: [UInt8], type: MediaType) {
    var changed = manifest
    changed.layers = layers
    let format = plan.format(
      of: manifest, layers: layers.compactMap(\.mediaType.layerCompression))
    if layers == manifest.layers, format == manifest.format {
      return (bytes, manifest.mediaType ?? format.manifestType)
    }
    return (try changed.converted(to: format).encoded(), format.manifestType)
  }

  /// The layers as the registry has them then, in order.
  private func uploadLayers(
    _ layers: [BlobDescriptor], _ plan: LayerPlan
  ) throws -> [BlobDescriptor] {
    let work = Work(layers)
    let sources = mounts.repositories()
    var threads: [WorkerThread] = []
    for _ in 0..<min(Self.workers, work.count) {
      threads.append(
        try WorkerThread { [store, reporter, target] in
          let layerUpload = LayerUpload(
            store: store, reporter: reporter, target: target, plan: plan, sources: sources)
          while let layer = work.next() {
            do {
              work.finish(layer.digest, try layerUpload.run(layer))
            } catch {
              work.fail(HelperProgram.report(of: error))
            }
          }
        })
    }
    for thread in threads { thread.join() }
    if let failure = work.failure { throw failure }
    return layers.map { work.result(of: $0) }
  }

  /// Layers that threads take, each once; the first failure stops the rest.
  private final class Work: Sendable {
    private struct State {
      var waiting: ArraySlice<BlobDescriptor>
      var done: [Digest: BlobDescriptor] = [:]
      var failure: ErrorReport?
    }

    private let state: Mutex<State>
    let count: Int

    init(_ layers: [BlobDescriptor]) {
      var seen: Set<Digest> = []
      let unique = layers.filter { seen.insert($0.digest).inserted }
      count = unique.count
      state = Mutex(State(waiting: unique[...]))
    }

    func next() -> BlobDescriptor? {
      state.withLock { $0.failure == nil ? $0.waiting.popFirst() : nil }
    }

    func finish(_ digest: Digest, _ layer: BlobDescriptor) {
      state.withLock { $0.done[digest] = layer }
    }

    func fail(_ report: ErrorReport) {
      state.withLock { if $0.failure == nil { $0.failure = report } }
    }

    var failure: ErrorReport? { state.withLock { $0.failure } }

    func result(of layer: BlobDescriptor) -> BlobDescriptor {
      state.withLock { state in
        guard let done = state.done[layer.digest] else { return layer }
        var result = layer
        result.mediaType = done.mediaType
        result.digest = done.digest
        result.size = done.size
        return result
      }
    }
  }
}

/// Uploads one layer after the other, compressing where the plan says so.
struct LayerUpload {
  let store: ImageStore
  let reporter: Reporter
  let target: PushTarget
  let plan: LayerPlan
  let sources: [Digest: String]

  /// - Returns: the layer as the registry has it.
  func run(_ layer: BlobDescriptor) throws -> BlobDescriptor {
    guard let kind = plan.compression(for: layer) else {
      try upload(layer, store.blobs.location(layer.digest), as: layer.digest.shortID)
      return layer
    }
    let staging = try Staging(store)
    let file = try compress(layer, kind, staging)
    let compression: MediaType.Compression = kind == .gzip ? .gzip : .zstd
    // Docker's family takes part only where it has a word for the layer.
    let family = ManifestFormat.oci
    guard let type = family.layerType(compression) else {
      throw ImageSpecError.unsupported(layer.mediaType)
    }
    var result = layer
    result.mediaType = type
    result.digest = file.digest
    result.size = file.size
    try upload(result, file.path, as: layer.digest.shortID)
    return result
  }

  private func compress(
    _ layer: BlobDescriptor, _ kind: Compressor.Method, _ staging: Staging
  ) throws -> Staging.File {
    let stored = StoredLayers(blobs: store.blobs, reporter: reporter)
    let level = plan.level
    return try stored.withLayer(layer) { source in
      let compressor = try Compressor(Decompressor(source), kind, level: level)
      return try staging.stage { take in
        while let bytes = try compressor.next() { try take(bytes, 0..<bytes.count) }
      }
    }
  }

  private func upload(_ layer: BlobDescriptor, _ path: String, as id: String) throws {
    guard FileTree.exists(path) else { throw ImageStoreError.missingBlob(layer.digest) }
    let blob = try FileBlob(path) { [reporter] sent in
      reporter.progress(id, .copying, sent, of: layer.size)
    }
    let place = target.place.reference
    let outcome: RegistryClient.PushOutcome
    do {
      outcome = try target.client().pushBlob(
        layer, to: place, source: blob, mountFrom: sources[layer.digest])
    } catch RegistryError.unauthorized(let registry, _) {
      throw ErrorReport(
        .notPermitted,
        "checking whether a blob \(layer.digest) exists in \(place.name): authentication required",
        hint: "log in with: martlet login \(registry)")
    }
    reporter.progress(id, outcome == .uploaded ? .done : .exists)
  }
}

/// A blob that is read from its file as it is sent.
final class FileBlob: BlobSource {
  private let file: OwnedDescriptor
  private let tell: (Int64) -> Void

  init(_ path: String, tell: @escaping (Int64) -> Void) throws {
    file = try OwnedDescriptor.open(path)
    self.tell = tell
  }

  func read(at offset: Int64, count: Int) throws -> [UInt8] {
    try OpenFile.seek(file.raw, to: offset)
    let bytes = try Descriptor.read(file.raw, upTo: count)
    tell(offset + Int64(bytes.count))
    return bytes
  }
}

/// A small blob.
final class MemoryBlob: BlobSource {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(at offset: Int64, count: Int) -> [UInt8] {
    Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
  }
}
