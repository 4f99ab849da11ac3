import Distribution
import ImageDocuments
import ImageStore
import LayerArchive
import Model
import OCISpec

/// Copies a manifest list and its images to a registry.
struct PushList {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: ListRequest) throws -> HelperEvent.Result {
    guard let found = try ManifestListStore(store).find(named: request.list) else {
      throw ManifestList.notFound(request.list)
    }
    let destination = try ImageReference(request.destination ?? found.reference.full)
    var push = PushRequest(
      image: request.list, destination: destination.full, access: request.access)
    push.format = request.format
    push.compression = request.compression
    return try run(
      found.list, push, destination, instances: request.all)
  }

  func run(
    _ list: ManifestList, _ request: PushRequest, _ destination: ImageReference, instances: Bool
  ) throws -> HelperEvent.Result {
    let connections = RegistryConnections(request.access, reporter)
    let target = PushTarget(
      place: try connections.destination(for: destination), connections: connections)
    let plan = try LayerPlan(request)
    let lease = try Lease(store, blobs: list.index.manifests.map(\.digest))
    var index = list.index
    if instances {
      for position in index.manifests.indices {
        try push(&index.manifests[position], list, request, target, plan, destination)
      }
      for method in request.compression.additional {
        index.manifests += try variants(of: list, index, method, request, target, destination)
      }
    }
    // Layers compressed anew may have made OCI's of Docker's.
    let format = plan.format ?? (index.mediaType == .ociIndex ? .oci : index.plainestFormat)
    index.mediaType = format.indexType
    if format == .docker {
      index.annotations = nil
      index.subject = nil
    }
    _ = lease
    var result = HelperEvent.Result()
    result.digest = try target.client().pushManifest(
      index.encoded(), type: format.indexType, to: target.place.reference)
    return result
  }

  /// What containers' tools know an image with zstd layers by in a list.
  private static let zstdKey = "io.github.containers.compression.zstd"

  /// Pushes every image of the list with its layers compressed in another way.
  ///
  /// - Returns: the entries of those that `index` does not have.
  private func variants(
    of list: ManifestList, _ index: ImageIndex, _ method: String, _ request: PushRequest,
    _ target: PushTarget, _ destination: ImageReference
  ) throws -> [BlobDescriptor] {
    var changed = request
    changed.compression.format = method
    changed.compression.isForced = true
    if method != request.compression.format { changed.compression.level = nil }
    let plan = try LayerPlan(changed)
    var known = Set(index.manifests.map(\.digest))
    var added: [BlobDescriptor] = []
    for entry in list.index.manifests {
      let document = try ManifestDocument.decode(try store.blobs.load(entry.digest))
      guard case .manifest(let manifest) = document, !manifest.isArtifact else { continue }
      var variant = entry
      try push(&variant, list, request, target, plan, destination)
      guard known.insert(variant.digest).inserted else { continue }
      if method == "zstd" { variant.annotations = [Self.zstdKey: "true"] }
      added.append(variant)
    }
    return added
  }

  /// Pushes one image; its entry follows when its layers or its manifest become others.
  private func push(
    _ entry: inout BlobDescriptor, _ list: ManifestList, _ request: PushRequest,
    _ target: PushTarget, _ plan: LayerPlan, _ destination: ImageReference
  ) throws {
    let client = try target.client()
    let here = target.place.reference.pinned(to: entry.digest)
    // An image that is there already and shall not change needs no blob.
    if plan.compression == nil,
      plan.format == nil || plan.format == ManifestFormat(entry.mediaType),
      (try? client.findDigest(here)) == entry.digest
    {
      return
    }
    if let source = list.sources["\(entry.digest)"] {
      try fetch(entry.digest, from: try ImageReference(source), request.access)
    }
    let upload = ImageUpload(
      store: store, reporter: reporter, target: target, plan: plan,
      mounts: MountCandidates(store, destination), takesArtifacts: true)
    let (bytes, type) = try upload.run(entry.digest)
    let digest = Hasher.digest(of: bytes)
    _ = try client.pushManifest(bytes, type: type, to: target.place.reference.pinned(to: digest))
    entry.mediaType = type
    entry.digest = digest
    entry.size = Int64(bytes.count)
  }

  /// Brings the blobs of an image of another registry here; nothing is unpacked.
  private func fetch(
    _ digest: Digest, from source: ImageReference, _ access: RegistryAccess
  ) throws {
    guard case .manifest(let manifest) = try ManifestDocument.decode(try store.blobs.load(digest))
    else { throw ImageStoreError.damaged("manifest \(digest)") }
    var elsewhere = access
    // A login typed for the destination is not for the source.
    elsewhere.credentials = nil
    let connections = RegistryConnections(elsewhere, reporter)
    let layers = RegistryLayers(
      store: store, reporter: reporter, places: try connections.places(for: source),
      connections: connections)
    for blob in [manifest.config] + manifest.layers where !store.blobs.contains(blob.digest) {
      try layers.withLayer(blob) { source in while try source.next() != nil {} }
    }
  }
}
