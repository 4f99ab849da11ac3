import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Makes an image of a container: its image's layers and one of its own files, or one of them all.
struct CommitContainer {
  let store: ImageStore
  let reporter: Reporter

  /// What the image is made on.
  private struct Base {
    var manifest: Manifest
    var config: ImageConfig
  }

  func run(_ request: CommitRequest) throws -> HelperEvent.Result {
    let base = try request.base.map { try load($0) }
    let reference = try request.reference.map { try ImageReference($0) }
    var execution = base?.config.config ?? ImageConfig.Execution()
    fill(&execution, request)
    for text in request.instructions { try ImageChange(text).apply(to: &execution) }
    let staging = try Staging(store)
    let layer = try staging.stage { take in
      try withoutActuallyEscaping(take) { take in try fill(ArchiveSink(TarWriter(take)), request) }
    }
    let image = make(request, request.whole == nil ? base : nil, execution, layer, base?.config)
    let lease = try Lease(store, blobs: [layer.digest])
    if !store.blobs.contains(layer.digest) {
      try store.blobs.publish(layer.path, as: layer.digest)
    }
    let names = [reference].compactMap { $0 }
    let stored = try ImageInstaller(store: store, reporter: reporter).install(
      image, names: names, from: StoredLayers(blobs: store.blobs, reporter: reporter))
    _ = lease
    return HelperEvent.Result(images: [
      HelperEvent.Result.Image(id: stored.id, names: names.map(\.full))
    ])
  }

  private func fill(_ sink: ArchiveSink, _ request: CommitRequest) throws {
    if let whole = request.whole {
      try ExportFiles.send(whole, to: sink)
    } else if let changes = request.changes {
      try send(changes, to: sink)
    }
  }

  private func load(_ id: String) throws -> Base {
    guard let image = try store.find(id: try Digest("sha256:\(id)")) else {
      throw ErrorReport(
        .notFound, "the container's image \(id.prefix(12)) is no longer in the store",
        hint: "use --squash, which needs no image")
    }
    guard
      case .manifest(let manifest) = try ManifestDocument.decode(
        try store.blobs.load(image.manifest))
    else { throw ImageStoreError.damaged("manifest of image \(id)") }
    return Base(
      manifest: manifest, config: try ImageConfig.decode(try store.blobs.load(image.id)))
  }

  private func fill(_ execution: inout ImageConfig.Execution, _ request: CommitRequest) {
    execution.entrypoint = request.entrypoint
    execution.command = request.command
    execution.environment = request.environment
    execution.user = request.user
    execution.workingDirectory = request.workingDirectory
    execution.labels = request.labels
    execution.exposedPorts = Set(execution.exposedPorts + request.ports).sorted()
    execution.volumes = Set(execution.volumes + request.volumes).sorted()
  }

  private func send(_ tree: LayeredTree, to sink: any EntrySink) throws {
    if let copied = tree.copied { return try send(tree, since: copied, to: sink) }
    let stack = try LayerStack(tree.layers)
    let places = RuntimePlaces(tree)
    let owners = TreeOwners(tree.ids)
    var options = TreeSender.Options()
    options.isOverlayUpper = true
    options.owner = { (owner) throws(ArchiveError) in owners.inside(owner) }
    let upper = tree.upper
    options.leavesOut = { path, status in
      // What cannot be looked at here fails when it is sent, with its name.
      guard let isPoint = try? places.isPoint("/\(path)", status, in: DirectoryHandle(upper)),
        isPoint
      else { return false }
      return (try? stack.find(path)) == .some(nil)
    }
    try TreeSender(sink, options).sendContents(of: try DirectoryHandle(upper), under: nil)
    try sink.finish()
  }

  /// What is different in a whole copy of the layers.
  private func send(_ tree: LayeredTree, since copied: Int64, to sink: any EntrySink) throws {
    var wanted: Set<RawPath> = []
    var removed: [RawPath: [RawPath]] = [:]
    for change in try ListChanges.changes(tree, since: copied, RuntimePlaces(tree)) {
      guard change.kind == .deleted else {
        wanted.insert(change.path)
        continue
      }
      removed[change.path.parent ?? .current, default: []].append(change.path)
    }
    let owners = TreeOwners(tree.ids)
    var options = TreeSender.Options()
    options.owner = { (owner) throws(ArchiveError) in owners.inside(owner) }
    options.leavesOut = { [wanted] path, _ in !wanted.contains(path) }
    options.removed = { [removed] path in removed[path ?? .current] ?? [] }
    try TreeSender(sink, options).sendContents(of: try DirectoryHandle(tree.upper), under: nil)
    try sink.finish()
  }

  private func make(
    _ request: CommitRequest, _ base: Base?, _ execution: ImageConfig.Execution,
    _ layer: Staging.File, _ origin: ImageConfig?
  ) -> ImageInstaller.Image {
    let now = Timestamp.format(Clock.realtime())
    var config = base?.config ?? ImageConfig(platform: origin?.platform ?? .host)
    config.config = execution
    config.created = now
    config.author = request.author
    config.rootfs.diffIDs.append(layer.digest)
    config.history =
      (config.history ?? []) + [
        ImageConfig.History(
          created: now, createdBy: request.createdBy, author: request.author,
          comment: request.message)
      ]
    let isDocker = request.format == .docker
    let bytes = config.encoded()
    let layers =
      (base?.manifest.layers ?? []) + [
        BlobDescriptor(mediaType: .ociLayer, digest: layer.digest, size: layer.size)
      ]
    let manifest = Manifest(
      mediaType: isDocker ? .dockerManifest : .ociManifest,
      config: BlobDescriptor(
        mediaType: isDocker ? .dockerConfig : .ociConfig, digest: Hasher.digest(of: bytes),
        size: Int64(bytes.count)),
      layers: layers.map { Self.converted($0, isDocker) })
    let manifestBytes = manifest.encoded()
    return ImageInstaller.Image(
      manifestBytes: manifestBytes, manifestDigest: Hasher.digest(of: manifestBytes),
      manifest: manifest, configBytes: bytes, config: config)
  }

  /// The same layer with a name that goes with the manifest's.
  private static func converted(_ layer: BlobDescriptor, _ isDocker: Bool) -> BlobDescriptor {
    var layer = layer
    layer.mediaType =
      switch (layer.mediaType.layerCompression, isDocker) {
      case (.gzip?, false): .ociLayerGzip
      case (.gzip?, true): .dockerLayerGzip
      case (.zstd?, false): .ociLayerZstd
      case (.zstd?, true): .dockerLayerZstd
      case (_, true): .dockerLayer
      case (_, false): .ociLayer
      }
    return layer
  }
}
