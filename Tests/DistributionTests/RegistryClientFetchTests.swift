import Distribution
import ImageDocuments
import Model
import OCISpec
import Testing

@Suite struct RegistryClientFetchTests {
  typealias Answer = ScriptedTransport.Answer

  static let text = "0123456789abcdefghij"
  static let blob = Descriptor(
    mediaType: .ociLayer, digest: SHA256.digest(Array(text.utf8)), size: 20)
  static let manifest = Manifest(config: blob, layers: [blob])
  static let manifestText = String(decoding: manifest.encoded(), as: UTF8.self)
  static let manifestType: HTTPHeaders = ["content-type": MediaType.ociManifest.rawValue]
  static let manifestURL = "https://r.example/v2/a/b/manifests/latest"

  let reference: ImageReference
  init() throws { reference = try ImageReference("r.example/a/b") }

  @Test func hashesAsFIPS180Does() {
    #expect(SHA256.digest(Array("abc".utf8)).hex.hasPrefix("ba7816bf8f01cfea414140de5dae2223"))
  }

  @Test func fetchesAManifest() throws {
    let script = Script([.status(200, Self.manifestType, Self.manifestText)])
    let fetched = try script.client.fetchManifest(reference)
    #expect(fetched.document == .manifest(Self.manifest))
    #expect(fetched.bytes == Self.manifest.encoded())
    #expect(script.transport.log == ["GET " + Self.manifestURL])
    #expect(script.transport.requests[0].headers["Accept"]?.contains("image.index.v1+json") == true)
    #expect(script.transport.requests[0].headers["Authorization"] == nil)
  }

  @Test func dockerHubHasAnotherHost() throws {
    let script = Script([.status(200, Self.manifestType, Self.manifestText)])
    _ = try script.client.fetchManifest(ImageReference("alpine"))
    #expect(
      script.transport.log == [
        "GET https://registry-1.docker.io/v2/library/alpine/manifests/latest"
      ])
  }

  @Test(arguments: [
    (HTTPHeaders(), RegistryError.badContentType("no content type")),
    (["Content-Type": "text/html"] as HTTPHeaders, .badContentType("text/html")),
    (
      ["Content-Type": MediaType.ociIndex.rawValue] as HTTPHeaders,
      .badDocument(.mediaTypeMismatch(expected: .ociIndex, found: .ociManifest))
    ),
  ])
  func refusesWrongContentTypes(headers: HTTPHeaders, error: RegistryError) {
    let script = Script([.status(200, headers, Self.manifestText)])
    #expect(throws: error) { try script.client.fetchManifest(reference) }
  }

  @Test func refusesAManifestOfAnotherDigest() throws {
    let script = Script([.status(200, Self.manifestType, Self.manifestText)])
    let got = SHA256.digest(Self.manifest.encoded())
    #expect(throws: RegistryError.digestMismatch(expected: Self.blob.digest, got: got)) {
      try script.client.fetchManifest(reference.pinned(to: Self.blob.digest))
    }
  }

  @Test func refusesAManifestTooLarge() {
    let body = String(repeating: " ", count: Manifest.sizeLimit + 1)
    let script = Script([.status(200, Self.manifestType, body)])
    #expect(throws: RegistryError.tooLong(limit: Int64(Manifest.sizeLimit))) {
      try script.client.fetchManifest(reference)
    }
  }

  @Test func choosesFromAnIndexByPlatform() throws {
    let entry = Descriptor(
      mediaType: .ociManifest, digest: SHA256.digest(Self.manifest.encoded()),
      size: Int64(Self.manifest.encoded().count), platform: try Platform("linux/arm64"))
    let index = String(decoding: ImageIndex(manifests: [entry]).encoded(), as: UTF8.self)
    let type: HTTPHeaders = ["Content-Type": MediaType.ociIndex.rawValue]
    let script = Script([
      .status(200, type, index), .status(200, Self.manifestType, Self.manifestText),
      .status(200, type, index),
    ])
    let image = try script.client.resolve(reference, platform: Platform("linux/arm64"))
    #expect(image.manifest == Self.manifest)
    #expect(image.indexes.count == 1)
    #expect(script.transport.log[1].hasSuffix("/manifests/\(entry.digest)"))
    let wanted = try Platform("linux/s390x")
    #expect(
      throws: RegistryError.platformNotFound(
        wanted: wanted, available: [try Platform("linux/arm64")])
    ) { try script.client.resolve(reference, platform: wanted) }
  }

  @Test func resumesABlobAfterAReset() throws {
    let script = Script([
      .status(200, [:], "01234567", thenFails: .interrupted("reset")),
      .status(206, ["Content-Range": "bytes 8-19/20"], "89abcdefghij"),
    ])
    let sink = RecordingSink()
    try script.client.fetchBlob(Self.blob, from: reference, into: sink)
    #expect(sink.bytes == Array(Self.text.utf8))
    #expect(sink.restarts == 0)
    #expect(script.transport.requests[1].headers["Range"] == "bytes=8-")
    #expect(script.sleeps == [.milliseconds(500)])
  }

  @Test func resumesWhatAnEarlierRunFetched() throws {
    let script = Script([.status(206, ["Content-Range": "bytes 5-19/20"], "56789abcdefghij")])
    let sink = RecordingSink("01234")
    try script.client.fetchBlob(Self.blob, from: reference, into: sink)
    #expect(sink.bytes == Array(Self.text.utf8))
  }

  @Test func startsOverWhenTheServerIgnoresRange() throws {
    let script = Script([.status(200, [:], Self.text)])
    let sink = RecordingSink("01234")
    try script.client.fetchBlob(Self.blob, from: reference, into: sink)
    #expect(sink.bytes == Array(Self.text.utf8))
    #expect(sink.restarts == 1)
  }

  @Test func startsOverWhenEarlierBytesWereWrong() throws {
    let script = Script([
      .status(206, ["Content-Range": "bytes 5-19/20"], "56789abcdefghij"),
      .status(200, [:], Self.text),
    ])
    let sink = RecordingSink("xxxxx")
    try script.client.fetchBlob(Self.blob, from: reference, into: sink)
    #expect(sink.bytes == Array(Self.text.utf8))
  }

  @Test func refusesAnotherRangeThanAskedFor() {
    let script = Script([.status(206, ["Content-Range": "bytes 0-19/20"], Self.text)])
    #expect(
      throws: RegistryError.badResponse(
        host: "the registry", reason: "another range than asked for")
    ) { try script.client.fetchBlob(Self.blob, from: reference, into: RecordingSink("01234")) }
  }

  @Test func refusesADamagedBlob() {
    let damaged = "X" + Self.text.dropFirst()
    let script = Script([.status(200, [:], damaged)])
    let got = SHA256.digest(Array(damaged.utf8))
    #expect(throws: RegistryError.digestMismatch(expected: Self.blob.digest, got: got)) {
      try script.client.fetchBlob(Self.blob, from: reference, into: RecordingSink())
    }
  }

  @Test func refusesABlobThatIsTooLong() {
    let script = Script([.status(200, [:], Self.text + "k")])
    #expect(throws: RegistryError.tooLong(limit: 20)) {
      try script.client.fetchBlob(Self.blob, from: reference, into: RecordingSink())
    }
  }

  @Test func givesUpOnABlobThatStaysTruncated() {
    let empty = Answer.status(206, ["Content-Range": "bytes 3-19/20"])
    let script = Script([.status(200, [:], "012")] + Array(repeating: empty, count: 3))
    #expect(throws: RegistryError.truncated(expected: 20, got: 3)) {
      try script.client.fetchBlob(Self.blob, from: reference, into: RecordingSink())
    }
    #expect(script.transport.unplayed == 0)
    #expect(script.sleeps.count == 3)
  }

  @Test func aSinkThatThrowsEndsTheTransfer() {
    final class FullSink: DigestingSink {
      var received: Int64 { 0 }
      func write(_ chunk: [UInt8]) throws { throw ErrorReport(.unavailable, "disk full") }
      func restart() {}
      func finish(_ algorithm: Digest.Algorithm) -> Digest { SHA256.digest([]) }
    }
    let script = Script([.status(200, [:], Self.text)])
    #expect(throws: RegistryError.local(ErrorReport(.unavailable, "disk full"))) {
      try script.client.fetchBlob(Self.blob, from: reference, into: FullSink())
    }
    #expect(script.sleeps.isEmpty)
  }

  @Test(arguments: ["7", "Sun, 06 Nov 1994 08:49:44 GMT"])
  func waitsAsLongAsTheRegistryAsks(text: String) throws {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    let script = Script([
      .status(429, ["Retry-After": text, "Date": date]), .status(503),
      .status(200, Self.manifestType, Self.manifestText),
    ])
    _ = try script.client.fetchManifest(reference)
    #expect(script.sleeps == [.seconds(7), .seconds(1)])
  }

  @Test func doesNotWaitForHours() {
    let script = Script([.status(429, ["Retry-After": "3600"])])
    #expect(throws: RegistryError.rateLimited(host: "r.example")) {
      try script.client.fetchManifest(reference)
    }
    #expect(script.sleeps.isEmpty)
  }

  @Test func retriesAreBounded() {
    let script = Script(Array(repeating: .status(502, [:], "bad gateway"), count: 10))
    #expect(
      throws: RegistryError.serverError(host: "r.example", status: 502, message: "bad gateway")
    ) { try script.client.fetchManifest(reference) }
    #expect(script.transport.requests.count == 4)
  }

  @Test func waitsForARegistryThatIsDownWhenAsked() throws {
    let refused = Answer.fails(.cannotConnect("connection refused"))
    var script = Script([refused, refused])
    #expect(throws: RegistryError.unreachable(host: "r.example", reason: "connection refused")) {
      try script.client.fetchManifest(reference)
    }
    #expect(script.sleeps.isEmpty)

    script = Script([refused, refused, .status(200, Self.manifestType, Self.manifestText)])
    script.retry.attempts = 5
    script.retry.retriesConnecting = true
    script.retry.firstDelay = .seconds(5)
    script.retry.isSteady = true
    _ = try script.client.fetchManifest(reference)
    #expect(script.sleeps == [.seconds(5), .seconds(5)])
    #expect(script.retries == ["1/4 connection refused", "2/4 connection refused"])
  }

  @Test func escapesWhatAServerSays() throws {
    let script = Script([
      .status(
        500, [:], "{\"errors\":[{\"code\":\"X\",\"message\":\"\\u001b]0;x\\u0007\\u202e!\"}]}")
    ])
    let error = #expect(throws: RegistryError.self) { try script.client.fetchManifest(reference) }
    let message = try #require(error?.report.message)
    #expect(message.unicodeScalars.allSatisfy { (0x20..<0x7f).contains($0.value) })
    #expect(message.contains("status 500"))
    #expect(script.sleeps.isEmpty)
  }

  @Test func tellsMissingNamesFromMissingTags() {
    let name = "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"m\"}]}"
    let script = Script([.status(404), .status(404, [:], name), .status(404)])
    #expect(throws: RegistryError.manifestUnknown("r.example/a/b:latest")) {
      try script.client.fetchManifest(reference)
    }
    #expect(throws: RegistryError.nameUnknown("r.example/a/b")) {
      try script.client.fetchManifest(reference)
    }
    #expect(throws: RegistryError.blobUnknown(Self.blob.digest)) {
      try script.client.fetchBlob(Self.blob, from: reference, into: RecordingSink())
    }
  }

  @Test func listsTagsOverPages() throws {
    let script = Script([
      .status(
        200, ["Link": "</v2/a/b/tags/list?last=2&n=2>; rel=\"next\""], "{\"tags\":[\"1\",\"2\"]}"),
      .status(200, [:], "{\"name\":\"a/b\",\"tags\":[\"3\"]}"),
      .status(200, [:], "{\"tags\":null}"),
    ])
    #expect(try script.client.tags(of: reference) == ["1", "2", "3"])
    #expect(script.transport.log[1] == "GET https://r.example/v2/a/b/tags/list?last=2&n=2")
    #expect(try script.client.tags(of: reference) == [])
  }
}
