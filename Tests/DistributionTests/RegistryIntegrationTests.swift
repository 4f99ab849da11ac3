import CurlTransport
import Distribution
import ImageDocuments
import Model
import OCISpec
import Testing

@Suite(
  .enabled(if: RegistryProgram.isInstalled, "needs docker-registry and skopeo"), .serialized)
struct RegistryIntegrationTests {
  let registry: RegistryProgram
  init() throws { registry = try RegistryProgram() }

  private func makeClient() throws -> RegistryClient {
    let environment = RegistryClient.Environment(
      credentials: { _, _ in nil }, digest: { _, bytes in SHA256.digest(bytes) },
      sleep: { _ in })
    return RegistryClient(transport: try CurlSession(), environment: environment)
  }

  private func descriptor(_ bytes: [UInt8], _ type: MediaType) -> Descriptor {
    Descriptor(mediaType: type, digest: SHA256.digest(bytes), size: Int64(bytes.count))
  }

  /// A layer with half a megabyte that does not compress.
  private func makeLayer() throws -> (compressed: [UInt8], tar: [UInt8]) {
    var state: UInt64 = 42
    let noise = (0..<(512 << 10)).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    try registry.write("noise", noise)
    let folder = registry.path
    _ = try registry.run("tar", "-C", folder, "-cf", folder + "/layer.tar", "noise")
    _ = try registry.run("tar", "-C", folder, "-czf", folder + "/layer.tar.gz", "noise")
    // Two archives of one file differ only in compression: same name, time and owner.
    return (try registry.read("layer.tar.gz"), try registry.read("layer.tar"))
  }

  /// Pushes an image of one layer with our client.
  private func push(
    _ client: RegistryClient, to reference: ImageReference, chunkSize: Int64? = nil
  ) throws -> Manifest {
    let layer = try makeLayer()
    let config = ImageConfig(platform: .host, diffIDs: [SHA256.digest(layer.tar)]).encoded()
    let manifest = Manifest(
      config: descriptor(config, .ociConfig), layers: [descriptor(layer.compressed, .ociLayerGzip)])
    let blobs = [(manifest.config, config), (manifest.layers[0], layer.compressed)]
    for (blob, bytes) in blobs {
      let outcome = try client.pushBlob(
        blob, to: reference, source: MemorySource(bytes), chunkSize: chunkSize)
      #expect(outcome == .uploaded)
      #expect(
        try client.pushBlob(blob, to: reference, source: MemorySource(bytes)) == .present)
    }
    _ = try client.pushManifest(manifest.encoded(), type: .ociManifest, to: reference)
    return manifest
  }

  private func pull(
    _ client: RegistryClient, _ reference: ImageReference
  ) throws -> (image: ResolvedImage, layer: [UInt8]) {
    let image = try client.resolve(reference, platform: .host)
    try image.manifest.checkRunnable()
    let config = try client.fetchConfig(of: image.manifest, from: reference).config
    #expect(config.platform == .host)
    let sink = RecordingSink()
    try client.fetchBlob(image.manifest.layers[0], from: reference, into: sink)
    return (image, sink.bytes)
  }

  @Test(arguments: [nil, 100_000])
  func skopeoReadsWhatWePushAndWeReadWhatItPushes(chunkSize: Int64?) throws {
    let client = try makeClient()
    let ours = try ImageReference("\(registry.authority)/ours/image:1")
    let manifest = try push(client, to: ours, chunkSize: chunkSize)
    let layout = "oci:\(registry.path)/layout:x"
    _ = try registry.run("skopeo", "copy", "--src-tls-verify=false", "docker://\(ours)", layout)
    let theirs = try ImageReference("\(registry.authority)/theirs:2")
    _ = try registry.run("skopeo", "copy", "--dest-tls-verify=false", layout, "docker://\(theirs)")
    for reference in [ours, theirs] {
      let pulled = try pull(client, reference)
      #expect(pulled.image.manifest.layers == manifest.layers)
      #expect(SHA256.digest(pulled.layer) == manifest.layers[0].digest)
      #expect(try client.findDigest(reference) == pulled.image.fetched.descriptor.digest)
    }
    #expect(try client.tags(of: ours) == ["1"])
  }

  @Test func readsDockersSchema2() throws {
    let client = try makeClient()
    let ours = try ImageReference("\(registry.authority)/ours:1")
    _ = try push(client, to: ours)
    let docker = try ImageReference("\(registry.authority)/docker:1")
    _ = try registry.run(
      "skopeo", "copy", "--format=v2s2", "--src-tls-verify=false", "--dest-tls-verify=false",
      "docker://\(ours)", "docker://\(docker)")
    let image = try pull(client, docker).image
    #expect(image.fetched.descriptor.mediaType == .dockerManifest)
    #expect(image.manifest.config.mediaType == .dockerConfig)
  }

  @Test func resumesWithinABlob() throws {
    let client = try makeClient()
    let reference = try ImageReference("\(registry.authority)/ours:1")
    let layer = try push(client, to: reference).layers[0]
    let whole = RecordingSink()
    try client.fetchBlob(layer, from: reference, into: whole)
    let sink = RecordingSink()
    sink.bytes = Array(whole.bytes.prefix(200_000))
    try client.fetchBlob(layer, from: reference, into: sink)
    #expect(sink.bytes == whole.bytes)
    #expect(sink.restarts == 0)
  }

  @Test func mountsABlobOfAnotherRepository() throws {
    let client = try makeClient()
    let first = try ImageReference("\(registry.authority)/first:1")
    let layer = try push(client, to: first).layers[0]
    let second = try ImageReference("\(registry.authority)/second:1")
    let outcome = try client.pushBlob(
      layer, to: second, source: MemorySource([]), mountFrom: "first")
    #expect(outcome == .mounted)
  }

  @Test func namesWhatIsMissing() throws {
    let client = try makeClient()
    let reference = try ImageReference("\(registry.authority)/nothing:1")
    #expect(throws: RegistryError.manifestUnknown(reference.full)) {
      try client.fetchManifest(reference)
    }
    let blob = descriptor([1], .ociLayer)
    #expect(throws: RegistryError.blobUnknown(blob.digest)) {
      try client.fetchBlob(blob, from: reference, into: RecordingSink())
    }
    #expect(throws: RegistryError.nameUnknown("\(registry.authority)/nothing")) {
      try client.tags(of: reference)
    }
  }

  @Test func aSinkThatThrowsStopsTheTransfer() throws {
    let client = try makeClient()
    let reference = try ImageReference("\(registry.authority)/ours:1")
    let layer = try push(client, to: reference).layers[0]
    final class FullSink: DigestingSink {
      var received: Int64 = 0
      func write(_ chunk: [UInt8]) throws {
        if received > 0 { throw ErrorReport(.unavailable, "disk full") }
        received += Int64(chunk.count)
      }
      func restart() {}
      func finish(_ algorithm: Digest.Algorithm) -> Digest { SHA256.digest([]) }
    }
    #expect(throws: RegistryError.local(ErrorReport(.unavailable, "disk full"))) {
      try client.fetchBlob(layer, from: reference, into: FullSink())
    }
    // The session is good for the next request.
    #expect(try client.tags(of: reference) == ["1"])
  }
}

@Suite struct CurlSessionTests {
  private func perform(_ url: String, _ options: CurlSession.Options = .init()) throws {
    let address = try #require(WebAddress(url))
    try CurlSession(options: options).perform(
      HTTPRequest(.get, address), onResponse: { _ in }, onBody: { _ in })
  }

  @Test func tellsThatNobodyListens() {
    // Port 1 of this machine is reserved (tcpmux) and not in use.
    #expect {
      try perform("http://127.0.0.1:1/")
    } throws: { error in
      if case TransportError.cannotConnect = error { true } else { false }
    }
  }

  @Test func cancelsBeforeItStarts() {
    var options = CurlSession.Options()
    options.isCancelled = { true }
    #expect {
      try perform("http://127.0.0.1:1/", options)
    } throws: { error in
      if case TransportError.cancelled = error { true } else { false }
    }
  }
}
