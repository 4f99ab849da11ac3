/// The two families of image documents.
public enum ManifestFormat: String, Codable, Sendable, CaseIterable {
  case oci
  case docker = "v2s2"

  public init(_ type: MediaType?) {
    self = type == .dockerManifest || type == .dockerIndex ? .docker : .oci
  }

  public var manifestType: MediaType { self == .oci ? .ociManifest : .dockerManifest }
  public var indexType: MediaType { self == .oci ? .ociIndex : .dockerIndex }
  public var configType: MediaType { self == .oci ? .ociConfig : .dockerConfig }

  /// The type of a layer; nil where the family has none (zstd is OCI's alone).
  public func layerType(_ compression: MediaType.Compression) -> MediaType? {
    switch (self, compression) {
    case (.oci, .none): .ociLayer
    case (.oci, .gzip): .ociLayerGzip
    case (.oci, .zstd): .ociLayerZstd
    case (.docker, .none): .dockerLayer
    case (.docker, .gzip): .dockerLayerGzip
    case (.docker, .zstd): nil
    }
  }
}

extension Manifest {
  public var format: ManifestFormat { ManifestFormat(mediaType) }

  /// The same image in the other family's words; its blobs stay as they are.
  ///
  /// Docker's has no annotations, so those are lost.
  public func converted(to format: ManifestFormat) throws(ImageSpecError) -> Manifest {
    var result = self
    result.mediaType = format.manifestType
    result.config.mediaType = format.configType
    for index in layers.indices {
      guard let compression = layers[index].mediaType.layerCompression,
        let type = format.layerType(compression)
      else { throw .unsupported(layers[index].mediaType) }
      result.layers[index].mediaType = type
      if format == .docker { result.layers[index].annotations = nil }
    }
    if format == .docker {
      result.annotations = nil
      result.artifactType = nil
      result.subject = nil
    }
    return result
  }
}
