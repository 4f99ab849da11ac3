import Distribution
import ImageDocuments
import Model
import OCISpec
import Testing

@Suite struct RegistryClientPushTests {
  static let text = RegistryClientFetchTests.text
  static let blob = RegistryClientFetchTests.blob
  static let base = "https://r.example/v2/a/b/blobs"

  let reference: ImageReference
  let source = MemorySource(Array(text.utf8))
  init() throws { reference = try ImageReference("r.example/a/b") }

  @Test func sendsNothingThatIsThere() throws {
    let script = Script([.status(200)])
    #expect(try script.client.pushBlob(Self.blob, to: reference, source: source) == .present)
    #expect(script.transport.log == ["HEAD \(Self.base)/\(Self.blob.digest)"])
  }

  @Test func mountsFromAnotherRepository() throws {
    let script = Script([.status(404), .status(201)])
    #expect(
      try script.client.pushBlob(Self.blob, to: reference, source: source, mountFrom: "c/d")
        == .mounted)
    #expect(
      script.transport.log[1] == "POST \(Self.base)/uploads/?mount=\(Self.blob.digest)&from=c%2Fd")
  }

  @Test func uploadsInOnePiece() throws {
    let script = Script([
      .status(404), .status(202, ["Location": "/v2/a/b/blobs/uploads/1?s=2"]), .status(201),
    ])
    #expect(try script.client.pushBlob(Self.blob, to: reference, source: source) == .uploaded)
    let digest = "\(Self.blob.digest)".replacing(":", with: "%3A")
    #expect(script.transport.log[2] == "PUT \(Self.base)/uploads/1?s=2&digest=\(digest)")
    guard case .stream(let length, let read) = script.transport.requests[2].body else {
      Issue.record("no stream")
      return
    }
    #expect(length == 20)
    #expect(try read(10, 4) == Array("abcd".utf8))
  }

  @Test func uploadsInChunks() throws {
    let next = ScriptedTransport.Answer.status(202, ["Location": "/u"])
    let script = Script([.status(404), next, next, next, next, .status(201)])
    _ = try script.client.pushBlob(Self.blob, to: reference, source: source, chunkSize: 8)
    let patches = script.transport.requests.filter { $0.method == .patch }
    #expect(patches.map { $0.headers["Content-Range"] } == ["0-7", "8-15", "16-19"])
    guard case .stream(let length, let read) = patches[2].body else {
      Issue.record("no stream")
      return
    }
    #expect(length == 4)
    #expect(try read(0, 4) == Array("ghij".utf8))
  }

  @Test func startsTheUploadOverAfterAReset() throws {
    let start = ScriptedTransport.Answer.status(202, ["Location": "/u"])
    let script = Script([
      .status(404), start, .fails(.interrupted("reset")), start, .status(201),
    ])
    #expect(try script.client.pushBlob(Self.blob, to: reference, source: source) == .uploaded)
    #expect(script.sleeps.count == 1)
  }

  @Test func sendsNoCredentialsToAnUploadHostElsewhere() throws {
    let script = Script(
      [
        .status(401, ["WWW-Authenticate": "Basic"]), .status(404),
        .status(202, ["Location": "https://store.example/u"]), .status(201),
      ], credentials: RegistryClientTrustTests.user)
    _ = try script.client.pushBlob(Self.blob, to: reference, source: source)
    #expect(
      script.transport.requests.map { $0.headers["Authorization"] != nil }
        == [false, true, true, false])
  }

  @Test func refusesAnUnencryptedUpload() {
    let script = Script([.status(404), .status(202, ["Location": "http://r.example/u"])])
    #expect(
      throws: RegistryError.refusedRedirect(from: "r.example", to: "http://r.example/u")
    ) { try script.client.pushBlob(Self.blob, to: reference, source: source) }
  }

  @Test func pushesAManifestAndComparesItsDigest() throws {
    let bytes = RegistryClientFetchTests.manifest.encoded()
    let other = Self.blob.digest
    let script = Script([.status(201), .status(201, ["Docker-Content-Digest": other.description])])
    let digest = try script.client.pushManifest(bytes, type: .ociManifest, to: reference)
    #expect(digest == SHA256.digest(bytes))
    #expect(script.transport.log == ["PUT " + RegistryClientFetchTests.manifestURL])
    #expect(throws: RegistryError.digestMismatch(expected: digest, got: other)) {
      try script.client.pushManifest(bytes, type: .ociManifest, to: reference)
    }
  }
}
