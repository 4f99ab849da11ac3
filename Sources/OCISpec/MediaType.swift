/// A media type of image documents and layers: OCI's own and Docker's schema 2.
public struct MediaType: RawRepresentable, Hashable, Sendable {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// Reads a Content-Type header: parameters and case are ignored (RFC 9110, 8.3.1).
  public init(contentType: some StringProtocol) {
    let essence = String(contentType).prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
    rawValue = essence.lowercased()
  }

  public static let ociManifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
  public static let ociIndex = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
  public static let ociConfig = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
  public static let ociEmpty = MediaType(rawValue: "application/vnd.oci.empty.v1+json")
  public static let ociLayer = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar")
  public static let ociLayerGzip = MediaType(
    rawValue: "application/vnd.oci.image.layer.v1.tar+gzip")
  public static let ociLayerZstd = MediaType(
    rawValue: "application/vnd.oci.image.layer.v1.tar+zstd")

  public static let dockerManifest = MediaType(
    rawValue: "application/vnd.docker.distribution.manifest.v2+json")
  public static let dockerIndex = MediaType(
    rawValue: "application/vnd.docker.distribution.manifest.list.v2+json")
  public static let dockerConfig = MediaType(
    rawValue: "application/vnd.docker.container.image.v1+json")
  public static let dockerLayer = MediaType(
    rawValue: "application/vnd.docker.image.rootfs.diff.tar")
  public static let dockerLayerGzip = MediaType(
    rawValue: "application/vnd.docker.image.rootfs.diff.tar.gzip")
  public static let dockerLayerZstd = MediaType(
    rawValue: "application/vnd.docker.image.rootfs.diff.tar.zstd")
  public static let dockerForeignLayer = MediaType(
    rawValue: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")

  /// What a client of a registry accepts for a manifest, best first.
  public static let manifestTypes: [MediaType] = [
    ociIndex, ociManifest, dockerIndex, dockerManifest,
  ]

  public var isManifest: Bool { self == .ociManifest || self == .dockerManifest }
  public var isIndex: Bool { self == .ociIndex || self == .dockerIndex }
  public var isConfig: Bool { self == .ociConfig || self == .dockerConfig }

  /// Whether it is the first schema of Docker, which no longer can be verified safely.
  public var isSchema1: Bool {
    rawValue.hasPrefix("application/vnd.docker.distribution.manifest.v1")
  }

  /// A layer that registries do not hold; its URLs lead to hosts that nobody vouched for
  /// (CVE-2020-15157), so it is never fetched.
  public var isForeignLayer: Bool {
    self == .dockerForeignLayer
      || rawValue.hasPrefix("application/vnd.oci.image.layer.nondistributable.")
  }

  public enum Compression: String, Sendable { case none, gzip, zstd }

  /// The compression of a layer's tar, or nil when this is not a layer we know.
  public var layerCompression: Compression? {
    switch self {
    case .ociLayer, .dockerLayer: Compression.none
    case .ociLayerGzip, .dockerLayerGzip: .gzip
    case .ociLayerZstd, .dockerLayerZstd: .zstd
    default: nil
    }
  }
}

extension MediaType: CustomStringConvertible {
  public var description: String { rawValue }
}

extension MediaType: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}
