import FoundationEssentials
import ImageDocuments
import Model
import OCISpec
import Testing

@Suite struct ManifestDocumentTests {
  static let digest = "sha256:" + String(repeating: "a", count: 64)

  static func descriptor(_ type: MediaType, size: String = "1", extra: String = "") -> String {
    "{\"mediaType\":\"\(type)\",\"digest\":\"\(digest)\",\"size\":\(size)\(extra)}"
  }

  static func manifest(
    type: MediaType? = .ociManifest, layers: Int = 1, size: String = "1", extra: String = ""
  ) -> [UInt8] {
    let layer = descriptor(.ociLayerGzip, size: size)
    let list = Array(repeating: layer, count: layers).joined(separator: ",")
    let own = type.map { "\"mediaType\":\"\($0)\"," } ?? ""
    return Array(
      """
      {"schemaVersion":2,\(own)"config":\(descriptor(.ociConfig)),"layers":[\(list)]\(extra)}
      """.utf8)
  }

  static func index(_ entries: [(type: MediaType, platform: String?)]) -> [UInt8] {
    let list = entries.map { entry in
      let parts = entry.platform?.split(separator: "/") ?? []
      let platform =
        parts.isEmpty
        ? "" : ",\"platform\":{\"os\":\"\(parts[0])\",\"architecture\":\"\(parts[1])\"}"
      return descriptor(entry.type, extra: platform)
    }
    return Array("{\"schemaVersion\":2,\"manifests\":[\(list.joined(separator: ","))]}".utf8)
  }

  @Test(arguments: [MediaType.ociManifest, .dockerManifest, nil])
  func readsManifests(type: MediaType?) throws {
    let bytes = Self.manifest(type: type, layers: 2, extra: ",\"annotations\":{\"x.y/z\":\"é\"}")
    guard case .manifest(let manifest) = try ManifestDocument.decode(bytes, expected: type) else {
      Issue.record("not a manifest")
      return
    }
    #expect(manifest.layers.count == 2)
    #expect(manifest.annotations == ["x.y/z": "é"])
    try manifest.checkRunnable()
    #expect(try ManifestDocument.decode(manifest.encoded()) == .manifest(manifest))
  }

  @Test func anIndexKeepsWhatItsEntriesSayOfTheirPlatforms() throws {
    let platforms = [
      #"{"architecture":"arm64","os":"linux","variant":"v8"}"#,
      #"{"architecture":"amd64","os":"windows","os.features":["win32k"],"os.version":"10.0.20348"}"#,
      #"{"architecture":"amd64","features":["sse4"],"os":"linux"}"#,
    ]
    let entries = platforms.map {
      Self.descriptor(.ociManifest, extra: ",\"annotations\":{\"a\":\"b\"},\"platform\":\($0)")
    }
    let bytes = Array(
      "{\"schemaVersion\":2,\"manifests\":[\(entries.joined(separator: ","))]}".utf8)
    guard case .index(var index) = try ManifestDocument.decode(bytes) else {
      Issue.record("not an index")
      return
    }
    // What is set to what it was stays as it was written.
    index.manifests[0].platform = Platform(os: "linux", architecture: "arm64")
    let text = String(decoding: index.encoded(), as: UTF8.self)
    for platform in platforms { #expect(text.contains(platform), "\(text)") }
    #expect(text.components(separatedBy: #""annotations":{"a":"b"}"#).count == 4, "\(text)")
    // Another architecture of the same system keeps the system's version.
    index.manifests[1].platform = Platform(os: "windows", architecture: "arm64")
    #expect(
      String(decoding: index.encoded(), as: UTF8.self).contains(#""os.version":"10.0.20348""#))
  }

  @Test func refusesBothLayersAndManifests() {
    for key in ["manifests", "Manifests"] {
      #expect(throws: ImageSpecError.ambiguous) {
        try ManifestDocument.decode(Self.manifest(extra: ",\"\(key)\":[]"))
      }
    }
    let index = "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}"
    #expect(throws: ImageSpecError.ambiguous) { try ManifestDocument.decode(Array(index.utf8)) }
  }

  @Test func refusesAContentTypeThatDisagrees() {
    #expect(
      throws: ImageSpecError.mediaTypeMismatch(expected: .ociIndex, found: .ociManifest)
    ) { try ManifestDocument.decode(Self.manifest(), expected: .ociIndex) }
  }

  @Test func refusesUnknownTypesAndSchema1() {
    let html = MediaType(contentType: "text/html; charset=utf-8")
    #expect(throws: ImageSpecError.unsupported(html)) {
      try ManifestDocument.decode(Self.manifest(type: nil), expected: html)
    }
    #expect(throws: ImageSpecError.schema1) {
      try ManifestDocument.decode(Array("{\"schemaVersion\":1,\"fsLayers\":[]}".utf8))
    }
  }

  @Test(arguments: ["-1", "1.5", "\"1\"", "99999999999999999999", "null"])
  func refusesStrangeSizes(size: String) {
    #expect(throws: ImageSpecError.self) { try ManifestDocument.decode(Self.manifest(size: size)) }
  }

  @Test func limitsLayersAndBytes() throws {
    _ = try ManifestDocument.decode(Self.manifest(layers: 500))
    #expect(throws: ImageSpecError.tooManyLayers(501)) {
      try ManifestDocument.decode(Self.manifest(layers: 501))
    }
    let limit = Manifest.sizeLimit
    let padded = Self.manifest() + [UInt8](repeating: 0x20, count: limit)
    #expect(throws: ImageSpecError.tooLarge("manifest", size: padded.count, limit: limit)) {
      try ManifestDocument.decode(padded)
    }
  }

  @Test func refusesADigestThatIsAPath() {
    let text = String(decoding: Self.manifest(), as: UTF8.self)
      .split(separator: Self.digest).joined(separator: "sha256:../../x")
    #expect(throws: ImageSpecError.self) { try ManifestDocument.decode(Array(text.utf8)) }
  }

  @Test func namesThePlaceOfAnError() {
    #expect(
      throws: ImageSpecError.malformed("manifest", "\".layers[0].size\" has the wrong type")
    ) { try ManifestDocument.decode(Self.manifest(size: "\"1\"")) }
  }

  @Test func choosesThePlatform() throws {
    let bytes = Self.index([
      (.ociManifest, "unknown/unknown"), (.ociManifest, "linux/386"), (.ociManifest, "linux/amd64"),
      (.ociLayer, "linux/arm64"), (.ociManifest, "linux/amd64"),
    ])
    guard case .index(let index) = try ManifestDocument.decode(bytes) else {
      Issue.record("not an index")
      return
    }
    let amd64 = try Platform("linux/amd64")
    #expect(index.findManifest(for: amd64)?.platform == amd64)
    #expect(index.findManifest(for: amd64) == index.manifests[2])
    #expect(try index.findManifest(for: Platform("linux/arm64")) == nil)
    #expect(index.platforms.count == 4)
  }

  @Test func anEntryWithoutAPlatformIsTheLastResort() throws {
    let bytes = Self.index([(.ociManifest, nil), (.ociManifest, "linux/arm64")])
    guard case .index(let index) = try ManifestDocument.decode(bytes) else {
      Issue.record("not an index")
      return
    }
    #expect(try index.findManifest(for: Platform("linux/arm64")) == index.manifests[1])
    #expect(try index.findManifest(for: Platform("linux/s390x")) == index.manifests[0])
  }

  @Test func doesNotRunForeignLayersOrArtifacts() throws {
    let digest = try Digest(Self.digest)
    let config = Descriptor(mediaType: .dockerConfig, digest: digest, size: 1)
    let foreign = Descriptor(mediaType: .dockerForeignLayer, digest: digest, size: 1)
    #expect(throws: ImageSpecError.unsupported(.dockerForeignLayer)) {
      try Manifest(config: config, layers: [foreign]).checkRunnable()
    }
    let empty = Descriptor(mediaType: .ociEmpty, digest: digest, size: 2)
    #expect(throws: ImageSpecError.unsupported(.ociEmpty)) {
      try Manifest(config: empty, layers: []).checkRunnable()
    }
  }

  @Test(arguments: [
    ("application/vnd.oci.image.index.v1+json", MediaType.ociIndex),
    ("Application/VND.oci.image.index.v1+JSON; charset=utf-8", .ociIndex),
    (" application/vnd.docker.distribution.manifest.v2+json ;x=y", .dockerManifest),
  ])
  func readsContentTypes(header: String, type: MediaType) {
    #expect(MediaType(contentType: header) == type)
  }

  @Test(arguments: [
    ([MediaType](), nil, ManifestFormat.docker), ([.dockerManifest], nil, .docker),
    ([.dockerManifest, .ociManifest], nil, .oci), ([.dockerManifest], "a/b", .oci),
  ])
  func writesAnIndexInThePlainestFamily(
    types: [MediaType], artifact: String?, format: ManifestFormat
  ) throws {
    let digest = try Digest("sha256:" + String(repeating: "0", count: 64))
    var index = ImageIndex(
      manifests: types.map { Descriptor(mediaType: $0, digest: digest, size: 1) })
    if let artifact { index.manifests[0].artifactType = artifact }
    #expect(index.plainestFormat == format)
    index.annotations = ["a": "b"]
    #expect(index.plainestFormat == .oci)
  }

  @Test func anArtifactIsWhatCannotBeRun() throws {
    let digest = try Digest("sha256:" + String(repeating: "0", count: 64))
    let config = Descriptor(mediaType: .ociConfig, digest: digest, size: 1)
    var manifest = Manifest(config: config, layers: [])
    #expect(!manifest.isArtifact)
    manifest.artifactType = "a/b"
    #expect(manifest.isArtifact)
    manifest.artifactType = nil
    manifest.layers = [
      Descriptor(mediaType: MediaType(rawValue: "text/plain"), digest: digest, size: 1)
    ]
    #expect(manifest.isArtifact)
  }
}
