import Model

/// The manifest of one image: its config and its layers, lowest first (image-spec manifest.md).
public struct Manifest: Codable, Hashable, Sendable {
  /// Bytes; the limit that registries themselves apply to manifests and indexes.
  public static let sizeLimit = 4 << 20
  public static let layerLimit = 500

  public var schemaVersion: Int
  public var mediaType: MediaType?
  public var artifactType: String?
  public var config: Descriptor
  public var layers: [Descriptor]
  public var subject: Descriptor?
  public var annotations: [String: String]?

  public init(
    mediaType: MediaType = .ociManifest, config: Descriptor, layers: [Descriptor],
    annotations: [String: String]? = nil
  ) {
    schemaVersion = 2
    self.mediaType = mediaType
    self.config = config
    self.layers = layers
    self.annotations = annotations
  }

  /// Refuses what the image specification does not allow, or no machine could hold.
  public func check() throws(ImageSpecError) {
    guard schemaVersion == 2 else {
      throw .malformed("manifest", "schemaVersion is \(schemaVersion), not 2")
    }
    guard layers.count <= Self.layerLimit else { throw .tooManyLayers(layers.count) }
    try config.check("manifest")
    for layer in layers { try layer.check("manifest") }
    try subject?.check("manifest")
  }

  /// Whether it is of something else than an image (image-spec manifest.md, artifact usage).
  public var isArtifact: Bool {
    artifactType != nil || (try? checkRunnable()) == nil
  }

  /// Refuses a manifest that cannot be run here: an artifact, or layers that no registry holds.
  public func checkRunnable() throws(ImageSpecError) {
    guard config.mediaType.isConfig else { throw .unsupported(config.mediaType) }
    for layer in layers where layer.mediaType.layerCompression == nil {
      throw .unsupported(layer.mediaType)
    }
  }
}
