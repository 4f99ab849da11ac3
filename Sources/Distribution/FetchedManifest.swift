public import ImageDocuments
import Model
public import OCISpec

/// A manifest or index with the exact bytes that its digest is of.
public struct FetchedManifest: Sendable, Equatable {
  public let descriptor: Descriptor
  public let bytes: [UInt8]
  public let document: ManifestDocument
}

/// An image of one platform, as found in a registry.
public struct ResolvedImage: Sendable, Equatable {
  /// The indexes passed through, outermost first; empty for an image of one platform only.
  public let indexes: [FetchedManifest]
  /// The exact bytes of the manifest.
  public let fetched: FetchedManifest
  public let manifest: Manifest
}
