public import Model

/// A list of manifests, usually one a platform (image-spec image-index.md).
public struct ImageIndex: Codable, Hashable, Sendable {
  public static let entryLimit = 10_000

  public var schemaVersion: Int
  public var mediaType: MediaType?
  public var artifactType: String?
  public var manifests: [Descriptor]
  public var subject: Descriptor?
  public var annotations: [String: String]?

  public init(
    mediaType: MediaType = .ociIndex, manifests: [Descriptor],
    annotations: [String: String]? = nil
  ) {
    schemaVersion = 2
    self.mediaType = mediaType
    self.manifests = manifests
    self.annotations = annotations
  }

  /// The entry that suits the platform best; the first of equals (image-spec image-index.md).
  ///
  /// An entry without a platform runs anywhere, but yields to every one that names its platform.
  public func findManifest(for platform: Platform) -> Descriptor? {
    let ranked = manifests.enumerated().compactMap { position, entry -> (Int, Int, Descriptor)? in
      guard entry.mediaType.isManifest || entry.mediaType.isIndex else { return nil }
      guard let candidate = entry.platform else { return (Int.max, position, entry) }
      return platform.rank(of: candidate).map { ($0, position, entry) }
    }
    return ranked.min { ($0.0, $0.1) < ($1.0, $1.1) }?.2
  }

  /// The family to write the index in when nobody asks for one: Docker's as long as that can say all
  /// that is in it, else OCI's.
  public var plainestFormat: ManifestFormat {
    let isOCI =
      artifactType != nil || subject != nil || !(annotations ?? [:]).isEmpty
      || manifests.contains {
        ManifestFormat($0.mediaType) == .oci || $0.artifactType != nil
          || !($0.annotations ?? [:]).isEmpty
      }
    return isOCI ? .oci : .docker
  }

  /// The platforms the index offers; attestations ("unknown/unknown") are left out.
  public var platforms: [Platform] {
    manifests.compactMap(\.platform).filter { $0.os != "unknown" }
  }

  /// Refuses what the image specification does not allow, or no machine could hold.
  public func check() throws(ImageSpecError) {
    guard schemaVersion == 2 else {
      throw .malformed("index", "schemaVersion is \(schemaVersion), not 2")
    }
    guard manifests.count <= Self.entryLimit else {
      throw .malformed("index", "it has \(manifests.count) entries")
    }
    for entry in manifests { try entry.check("index") }
    try subject?.check("index")
  }
}
