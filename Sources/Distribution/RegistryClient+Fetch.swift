import ImageDocuments
public import Model
public import OCISpec

extension RegistryClient {
  static let indexDepthLimit = 3

  /// Fetches what the registry has under the reference's digest, or else its tag.
  public func fetchManifest(
    _ reference: ImageReference
  ) throws(RegistryError) -> FetchedManifest {
    var call = manifestCall(.get, reference)
    call.limit = Manifest.sizeLimit
    let fixed = call
    let reply = try withRetries { () throws(Failure) in try attempt(fixed) }
    return try read(reply, expecting: reference.digest)
  }

  /// Asks for the digest under the reference without fetching; nil when the registry does not say.
  public func findDigest(_ reference: ImageReference) throws(RegistryError) -> Digest? {
    let call = manifestCall(.head, reference)
    let reply = try withRetries { () throws(Failure) in try attempt(call) }
    return reply.response.headers["Docker-Content-Digest"].flatMap { try? Digest($0) }
  }

  /// Finds the image for the platform, through an index when there is one.
  public func resolve(
    _ reference: ImageReference, platform: Platform
  ) throws(RegistryError) -> ResolvedImage {
    var indexes: [FetchedManifest] = []
    var fetched = try fetchManifest(reference)
    while true {
      switch fetched.document {
      case .manifest(let manifest):
        return ResolvedImage(indexes: indexes, fetched: fetched, manifest: manifest)
      case .index(let index):
        guard indexes.count < Self.indexDepthLimit else {
          throw .badDocument(.malformed("index", "nested more than \(Self.indexDepthLimit) deep"))
        }
        guard let entry = index.findManifest(for: platform) else {
          throw .platformNotFound(wanted: platform, available: index.platforms)
        }
        indexes.append(fetched)
        fetched = try fetchManifest(reference.pinned(to: entry.digest))
        guard fetched.descriptor.size == entry.size else {
          throw .truncated(expected: entry.size, got: fetched.descriptor.size)
        }
        guard fetched.descriptor.mediaType == entry.mediaType else {
          throw .badDocument(
            .mediaTypeMismatch(expected: entry.mediaType, found: fetched.descriptor.mediaType))
        }
      }
    }
  }

  /// Fetches and checks the config of an image.
  public func fetchConfig(
    of manifest: Manifest, from reference: ImageReference
  ) throws(RegistryError) -> (config: ImageConfig, bytes: [UInt8]) {
    let descriptor = manifest.config
    guard descriptor.size <= Int64(ImageConfig.sizeLimit) else {
      throw .tooLong(limit: Int64(ImageConfig.sizeLimit))
    }
    let sink = MemorySink(digest: environment.digest)
    try fetchBlob(descriptor, from: reference, into: sink)
    do throws(ImageSpecError) {
      let config = try ImageConfig.decode(sink.bytes)
      try config.check(against: manifest)
      return (config, sink.bytes)
    } catch {
      throw .badDocument(error)
    }
  }

  /// A blob whose size the caller has limited, whole and verified.
  public func fetchSmallBlob(
    _ descriptor: Descriptor, from reference: ImageReference
  ) throws(RegistryError) -> [UInt8] {
    let sink = MemorySink(digest: environment.digest)
    try fetchBlob(descriptor, from: reference, into: sink)
    return sink.bytes
  }

  /// Streams a blob into the sink, behind the bytes the sink has, and compares size and digest.
  ///
  /// Bytes from an earlier run that turn out wrong are fetched again, once.
  public func fetchBlob(
    _ descriptor: Descriptor, from reference: ImageReference, into sink: any DigestingSink
  ) throws(RegistryError) {
    let hadBytes = sink.received > 0
    do throws(RegistryError) {
      try fetchOnce(descriptor, from: reference, into: sink)
    } catch .digestMismatch where hadBytes {
      try Self.local { try sink.restart() }
      try fetchOnce(descriptor, from: reference, into: sink)
    }
  }

  private func fetchOnce(
    _ descriptor: Descriptor, from reference: ImageReference, into sink: any DigestingSink
  ) throws(RegistryError) {
    if sink.received > descriptor.size { try Self.local { try sink.restart() } }
    try withRetries(progress: { sink.received }) { () throws(Failure) in
      guard sink.received < descriptor.size || descriptor.size == 0 else { return }
      let body = BlobBody(descriptor: descriptor, sink: sink)
      var call = blobCall(.get, descriptor.digest, in: reference)
      call.sink = body.take
      if sink.received > 0 { call.headers["Range"] = "bytes=\(sink.received)-" }
      do throws(Failure) {
        _ = try attempt(call)
      } catch {
        guard case .serverError(_, 416, _) = error.error else { throw error }
        try body.restart()
        call.headers["Range"] = nil
        _ = try attempt(call)
      }
      try body.checkComplete()
    }
    let got = try Self.local { try sink.finish(descriptor.digest.algorithm) }
    guard got == descriptor.digest else {
      throw .digestMismatch(expected: descriptor.digest, got: got)
    }
  }

  /// All tags of a repository, in the registry's order.
  public func tags(of reference: ImageReference) throws(RegistryError) -> [String] {
    var tags: [String] = []
    var next: WebAddress?
    for _ in 0..<1000 {
      var call = Call(
        method: .get, registry: reference.registry, repository: reference.repository,
        path: "tags/list", address: next, scopes: [Self.scope(reference, "pull")])
      call.limit = Manifest.sizeLimit
      let fixed = call
      let reply = try withRetries { () throws(Failure) in try attempt(fixed) }
      let page = try TagPage(reply)
      tags += page.tags
      guard let following = page.next else { return tags }
      next = following
    }
    throw .badResponse(host: reference.registry, reason: "the list of tags does not end")
  }

  private func manifestCall(_ method: HTTPRequest.Method, _ reference: ImageReference) -> Call {
    let place = reference.digest?.description ?? reference.tag ?? ImageReference.defaultTag
    var call = Call(
      method: method, registry: reference.registry, repository: reference.repository,
      path: "manifests/\(place)", scopes: [Self.scope(reference, "pull")], subject: .manifest)
    call.headers["Accept"] = MediaType.manifestTypes.map(\.rawValue).joined(separator: ", ")
    return call
  }

  func blobCall(
    _ method: HTTPRequest.Method, _ digest: Digest, in reference: ImageReference,
    actions: String = "pull"
  ) -> Call {
    Call(
      method: method, registry: reference.registry, repository: reference.repository,
      path: "blobs/\(digest)", scopes: [Self.scope(reference, actions)], subject: .blob(digest))
  }

  private func read(
    _ reply: Reply, expecting expected: Digest?
  ) throws(RegistryError) -> FetchedManifest {
    guard let contentType = reply.response.headers["Content-Type"] else {
      throw .badContentType("no content type")
    }
    let type = MediaType(contentType: contentType)
    guard type.isIndex || type.isManifest || type.isSchema1 else {
      throw .badContentType(contentType)
    }
    let announced = reply.response.headers["Docker-Content-Digest"].flatMap { try? Digest($0) }
    let wanted = expected ?? announced
    let digest = environment.digest(wanted?.algorithm ?? .sha256, reply.body)
    if let wanted, wanted != digest { throw .digestMismatch(expected: wanted, got: digest) }
    do throws(ImageSpecError) {
      let document = try ManifestDocument.decode(reply.body, expected: type)
      let descriptor = Descriptor(mediaType: type, digest: digest, size: Int64(reply.body.count))
      return FetchedManifest(descriptor: descriptor, bytes: reply.body, document: document)
    } catch {
      throw .badDocument(error)
    }
  }

  static func scope(_ reference: ImageReference, _ actions: String) -> String {
    "repository:\(reference.repository):\(actions)"
  }

  static func local<Result>(_ body: () throws -> Result) throws(RegistryError) -> Result {
    do { return try body() } catch { throw .local(wrapping: error) }
  }
}
