public import Model

/// The config of an image: what to run and which layers make the root (image-spec config.md).
public struct ImageConfig: Codable, Hashable, Sendable {
  /// Bytes.
  public static let sizeLimit = 8 << 20

  public var created: String?
  public var author: String?
  public var architecture: String
  public var variant: String?
  public var os: String
  public var config: Execution?
  public var rootfs: RootFilesystem
  public var history: [History]?

  public init(platform: Platform, diffIDs: [Digest] = [], config: Execution? = nil) {
    architecture = platform.architecture
    variant = platform.variant
    os = platform.os
    rootfs = RootFilesystem(diffIDs: diffIDs)
    self.config = config
  }

  public struct RootFilesystem: Codable, Hashable, Sendable {
    public var type: String
    /// The digests of the uncompressed layers, lowest first.
    public var diffIDs: [Digest]

    public init(diffIDs: [Digest]) {
      type = "layers"
      self.diffIDs = diffIDs
    }

    private enum CodingKeys: String, CodingKey {
      case type
      case diffIDs = "diff_ids"
    }
  }

  public struct History: Codable, Hashable, Sendable {
    public var created: String?
    public var createdBy: String?
    public var author: String?
    public var comment: String?
    public var emptyLayer: Bool?

    public init(
      created: String? = nil, createdBy: String? = nil, author: String? = nil,
      comment: String? = nil, emptyLayer: Bool? = nil
    ) {
      self.created = created
      self.createdBy = createdBy
      self.author = author
      self.comment = comment
      self.emptyLayer = emptyLayer
    }

    private enum CodingKeys: String, CodingKey {
      case created, author, comment
      case createdBy = "created_by"
      case emptyLayer = "empty_layer"
    }
  }

  public var platform: Platform {
    Platform(os: os, architecture: architecture, variant: variant)
  }

  /// Refuses a config that names more or fewer layers than the manifest it came with.
  public func check(against manifest: Manifest) throws(ImageSpecError) {
    let count = rootfs.diffIDs.count
    guard count == manifest.layers.count else {
      throw .malformed(
        "image config", "it names \(count) layers but the manifest \(manifest.layers.count)")
    }
  }
}
