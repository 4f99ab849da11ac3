public import Model

/// A typed, sized and hashed pointer to a blob (image-spec descriptor.md).
public struct Descriptor: Codable, Hashable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case mediaType, digest, size, urls, annotations, artifactType
    case statedPlatform = "platform"
  }

  public var mediaType: MediaType
  public var digest: Digest
  /// Bytes; never negative in a checked document.
  public var size: Int64
  public var urls: [String]?
  public var annotations: [String: String]?
  public var artifactType: String?
  private var statedPlatform: StatedPlatform?

  /// Set in the entries of an index; a system's version and features stay when another of the same
  /// system is set.
  public var platform: Platform? {
    get { statedPlatform?.platform }
    set {
      guard newValue != platform else { return }
      statedPlatform = newValue.map { StatedPlatform($0, like: statedPlatform) }
    }
  }

  /// The version of its system that an entry with a platform needs.
  public var osVersion: String? {
    get { statedPlatform?.osVersion }
    set { statedPlatform?.osVersion = newValue }
  }

  /// What an entry with a platform needs of its system, in that system's own words.
  public var osFeatures: [String] {
    get { statedPlatform?.osFeatures ?? [] }
    set { statedPlatform?.osFeatures = newValue.isEmpty ? nil : newValue }
  }

  /// What an entry with a platform needs of its processor.
  public var features: [String] {
    get { statedPlatform?.features ?? [] }
    set { statedPlatform?.features = newValue.isEmpty ? nil : newValue }
  }

  public init(
    mediaType: MediaType, digest: Digest, size: Int64, annotations: [String: String]? = nil,
    platform: Platform? = nil
  ) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.annotations = annotations
    statedPlatform = platform.map { StatedPlatform($0) }
  }

  func check(_ subject: String) throws(ImageSpecError) {
    guard size >= 0 else { throw .malformed(subject, "the size of \(digest) is negative") }
  }
}
