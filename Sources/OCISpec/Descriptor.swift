public import Model

/// A typed, sized and hashed pointer to a blob (image-spec descriptor.md).
public struct Descriptor: Codable, Hashable, Sendable {
  public var mediaType: MediaType
  public var digest: Digest
  /// Bytes; never negative in a checked document.
  public var size: Int64
  public var urls: [String]?
  public var annotations: [String: String]?
  public var artifactType: String?
  /// Set in the entries of an index.
  public var platform: Platform?

  public init(
    mediaType: MediaType, digest: Digest, size: Int64, annotations: [String: String]? = nil,
    platform: Platform? = nil
  ) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.annotations = annotations
    self.platform = platform
  }

  func check(_ subject: String) throws(ImageSpecError) {
    guard size >= 0 else { throw .malformed(subject, "the size of \(digest) is negative") }
  }
}
