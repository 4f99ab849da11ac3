public import OCISpec

/// What a registry keeps under a tag: the manifest of one image or an index of several.
public enum ManifestDocument: Hashable, Sendable {
  case manifest(Manifest)
  case index(ImageIndex)

  /// Decodes and checks a document.
  ///
  /// `expected` is the Content-Type or the descriptor's media type; with nil the document's own
  /// `mediaType`, or else its keys, decide (an `index.json` of a layout has neither).
  public static func decode(
    _ bytes: [UInt8], expected: MediaType? = nil
  ) throws(ImageSpecError) -> ManifestDocument {
    if let expected, expected.isSchema1 { throw .schema1 }
    let (probe, keys) = try SpecDocument.decode(
      Probe.self, from: bytes, named: "manifest", limit: Manifest.sizeLimit)
    let folded = Set(keys.map { $0.lowercased() })
    if folded.contains("manifests"), folded.contains("layers") || folded.contains("config") {
      throw .ambiguous
    }
    if probe.schemaVersion == 1 || folded.contains("fslayers") { throw .schema1 }
    let type = try mediaType(of: probe, keys: keys, expected: expected)
    if type.isIndex {
      let index = try SpecDocument.decode(
        ImageIndex.self, from: bytes, named: "index", limit: Manifest.sizeLimit
      ).value
      try index.check()
      return .index(index)
    }
    let manifest = try SpecDocument.decode(
      Manifest.self, from: bytes, named: "manifest", limit: Manifest.sizeLimit
    ).value
    try manifest.check()
    return .manifest(manifest)
  }

  private struct Probe: Decodable {
    let schemaVersion: Int
    let mediaType: MediaType?
  }

  private static func mediaType(
    of probe: Probe, keys: Set<String>, expected: MediaType?
  ) throws(ImageSpecError) -> MediaType {
    if let expected, let own = probe.mediaType, expected != own {
      throw .mediaTypeMismatch(expected: expected, found: own)
    }
    let type =
      expected ?? probe.mediaType ?? (keys.contains("manifests") ? .ociIndex : .ociManifest)
    guard type.isIndex || type.isManifest else { throw .unsupported(type) }
    return type
  }
}

extension Manifest {
  /// The exact bytes to store and to hash.
  public func encoded() -> [UInt8] { SpecDocument.encode(self) }
}

extension ImageIndex {
  /// The exact bytes to store and to hash.
  public func encoded() -> [UInt8] { SpecDocument.encode(self) }
}
