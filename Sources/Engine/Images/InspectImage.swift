import ImageStore
import Model
public import OCISpec

/// All that is known of one image.
public struct ImageDetails: Sendable {
  public var summary: ImageSummary
  /// As the image's author wrote it (image-spec config.md).
  public var config: JSONObject
  public var manifest: JSONObject
  public var execution: ImageConfig.Execution
  /// Directories of the layers' files, lowest first.
  public var layerPaths: [String]
  /// Bytes of each layer's files, lowest first.
  public var layerSizes: [Int64]
}

/// One step in the making of an image.
public struct ImageHistoryEntry: Equatable, Sendable {
  /// Nanoseconds since the epoch; nil when it is not said.
  public var created: Int64?
  public var createdBy: String
  public var comment: String
  public var author: String
  public var isEmpty: Bool
  /// Bytes of the layer that the step made.
  public var size: Int64
}

/// Reads everything about an image.
public struct InspectImage {
  private let context: EngineContext
  private let store: ImageStore

  public init(_ context: EngineContext) {
    self.context = context
    store = context.imageStore
  }

  public func exists(_ text: String) throws -> Bool {
    let name = ResolveImage.withoutTransport(text)
    return try store.find(name) != nil || ManifestListStore(store).findMatch(name) != nil
  }

  /// The image that `text` names; nil when there is none.
  public func find(_ text: String) throws -> ImageDetails? {
    guard let match = try store.findMatch(ResolveImage.withoutTransport(text)) else { return nil }
    let image = match.image
    let names = try store.names(of: image.id)
    let manifest = match.name?.manifest ?? names.first?.manifest ?? image.manifest
    let summary = ImageSummary(
      id: image.id, names: names.map(\.reference),
      repositoryDigests: ListImages.unique(names.flatMap(\.repositoryDigests)),
      manifest: manifest, created: image.created, size: image.size, platform: image.platform,
      labels: image.execution.labels, layers: image.layers,
      containers: try ImageUsers(context).names()[image.id] ?? [])
    return ImageDetails(
      summary: summary, config: try document(image.id), manifest: try document(manifest),
      execution: image.execution, layerPaths: image.layers.map { store.layers.diff($0) },
      layerSizes: try image.layers.map { try store.layers.find($0)?.size ?? 0 })
  }

  private func document(_ digest: Digest) throws -> JSONObject {
    let bytes = try store.blobs.load(digest)
    guard case .object(let object) = try JSONValue(parsing: bytes) else {
      throw ErrorReport(.unavailable, "blob \(digest) is damaged: it is no JSON object")
    }
    return object
  }
}

extension ImageDetails {
  /// The steps in the order they were made.
  ///
  /// An image may tell less of them than it has layers, or more; sizes go to those that made one.
  public var history: [ImageHistoryEntry] {
    guard case .array(let entries)? = config.find("history") else { return [] }
    var sizes = layerSizes[...]
    return entries.compactMap { entry in
      guard case .object(let fields) = entry else { return nil }
      func text(_ key: String) -> String {
        if case .string(let text)? = fields.find(key) { return text }
        return ""
      }
      let isEmpty = fields.find("empty_layer") == .bool(true)
      return ImageHistoryEntry(
        created: Timestamp.parse(text("created")), createdBy: text("created_by"),
        comment: text("comment"), author: text("author"), isEmpty: isEmpty,
        size: isEmpty ? 0 : sizes.popFirst() ?? 0)
    }
  }
}
