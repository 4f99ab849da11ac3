import Distribution
import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Copies an image from the store to a registry.
///
/// What was pulled is pushed byte for byte: the store keeps manifests, configs and compressed
/// layers as they came. Only layers without compression, or those that shall have another one, are
/// made anew, and the manifest with them.
struct PushImage {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: PushRequest) throws -> HelperEvent.Result {
    if let list = try ManifestListStore(store).find(named: request.image)?.list {
      return try PushList(store: store, reporter: reporter).run(
        list, request, try ImageReference(request.destination), instances: true)
    }
    guard let match = try store.findMatch(request.image) else {
      throw ImageStoreError.notFound(request.image)
    }
    let destination = try ImageReference(request.destination)
    let connections = RegistryConnections(request.access, reporter)
    let target = PushTarget(
      place: try connections.destination(for: destination), connections: connections)
    let upload = ImageUpload(
      store: store, reporter: reporter, target: target, plan: try LayerPlan(request),
      mounts: MountCandidates(store, destination))
    let digest = match.name?.manifest ?? match.image.manifest
    let (bytes, type) = try upload.run(digest)
    var result = HelperEvent.Result()
    result.digest = try target.client().pushManifest(
      bytes, type: type, to: target.place.reference)
    return result
  }
}

/// Where a push goes.
struct PushTarget: Sendable {
  let place: RegistryConnections.Place
  let connections: RegistryConnections

  func client() throws -> RegistryClient { try connections.makeClient(for: place) }
}

/// How the layers and the manifest shall be.
struct LayerPlan: Sendable {
  var format: ManifestFormat?
  var compression: Compressor.Method?
  var level: Int?
  var isForced = false
  /// Every layer stays as it is: it is a file of something else than an image.
  var keepsLayers = false

  init() {}

  init(_ request: PushRequest) throws {
    if let text = request.format {
      guard let format = ManifestFormat(rawValue: text) else {
        throw OperationError.badRequest("no format \(text)")
      }
      self.format = format
    }
    if let text = request.compression.format {
      guard let kind = Compressor.Method(rawValue: text) else {
        throw ErrorReport(
          .invalidRequest, "compression \(text) is not supported", hint: "use gzip or zstd")
      }
      compression = kind
    }
    level = request.compression.level
    isForced = request.compression.isForced
    if compression == .zstd, format == .docker {
      throw ErrorReport(
        .invalidRequest, "the format v2s2 has no zstd layers", hint: "use --format oci")
    }
  }

  /// What a layer must be compressed by; nil when it stays as it is.
  func compression(for layer: BlobDescriptor) -> Compressor.Method? {
    if keepsLayers { return nil }
    switch layer.mediaType.layerCompression {
    case .none?: return compression ?? .gzip
    case .gzip?: return isForced && compression == .zstd ? .zstd : nil
    case .zstd?:
      if format == .docker { return .gzip }
      return isForced && compression == .gzip ? .gzip : nil
    case nil: return nil
    }
  }

  /// The family of the manifest that has these layers.
  func format(of manifest: Manifest, layers: [MediaType.Compression]) -> ManifestFormat {
    format ?? (layers.contains(.zstd) ? .oci : manifest.format)
  }
}

/// Repositories of the same registry that local names say have a blob.
final class MountCandidates {
  private let store: ImageStore
  private let destination: ImageReference
  private var known: [Digest: String]?

  init(_ store: ImageStore, _ destination: ImageReference) {
    self.store = store
    self.destination = destination
  }

  /// The repositories by blob; what is damaged here helps no mount and is skipped.
  func repositories() -> [Digest: String] {
    if let known { return known }
    var found: [Digest: String] = [:]
    for name in (try? store.listNames()) ?? []
    where name.reference.registry == destination.registry
      && name.reference.repository != destination.repository
    {
      guard let bytes = try? store.blobs.load(name.manifest),
        case .manifest(let manifest)? = try? ManifestDocument.decode(bytes)
      else { continue }
      for blob in manifest.layers + [manifest.config] {
        found[blob.digest] = name.reference.repository
      }
    }
    known = found
    return found
  }
}
