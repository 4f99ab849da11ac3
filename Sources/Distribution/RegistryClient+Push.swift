public import Model
public import OCISpec

extension RegistryClient {
  /// Whether the repository has the blob.
  public func hasBlob(_ digest: Digest, in reference: ImageReference) throws(RegistryError) -> Bool
  {
    let call = blobCall(.head, digest, in: reference, actions: "pull,push")
    do throws(RegistryError) {
      _ = try withRetries { () throws(Failure) in try attempt(call) }
      return true
    } catch .blobUnknown, .nameUnknown {
      return false
    }
  }

  public enum PushOutcome: Sendable, Equatable { case uploaded, mounted, present }

  /// Brings a blob into the repository: not at all when it is there, by a mount from another
  /// repository of the same registry, or by uploading it.
  ///
  /// With `chunkSize` the upload is cut into requests of that many bytes. Where a proxy refuses a
  /// request as too large (413), smaller ones are tried.
  public func pushBlob(
    _ descriptor: Descriptor, to reference: ImageReference, source: any BlobSource,
    mountFrom: String? = nil, chunkSize: Int64? = nil
  ) throws(RegistryError) -> PushOutcome {
    if try hasBlob(descriptor.digest, in: reference) { return .present }
    var smaller = Self.chunkSizes.filter { $0 < min(descriptor.size, chunkSize ?? .max) }[...]
    var chunk = chunkSize
    while true {
      do throws(RegistryError) {
        return try upload(
          descriptor, to: reference, source: source, mountFrom: mountFrom, chunkSize: chunk)
      } catch {
        guard case .serverError(_, 413, _) = error, let next = smaller.popFirst() else {
          throw error
        }
        chunk = next
      }
    }
  }

  /// What is tried after a request was too large, in bytes.
  private static let chunkSizes: [Int64] = [64 << 20, 16 << 20, 4 << 20, 1 << 20]

  private func upload(
    _ descriptor: Descriptor, to reference: ImageReference, source: any BlobSource,
    mountFrom: String?, chunkSize: Int64?
  ) throws(RegistryError) -> PushOutcome {
    try withRetries { () throws(Failure) in
      let start = try startUpload(descriptor.digest, to: reference, mountFrom: mountFrom)
      if start.response.status == 201 { return .mounted }
      var location = try uploadLocation(start)
      if let chunkSize, chunkSize > 0, descriptor.size > chunkSize {
        location = try sendChunks(
          descriptor, to: reference, at: location, source: source, size: chunkSize)
        try finishUpload(descriptor, to: reference, at: location, body: .none)
      } else {
        let body = HTTPRequest.Body.stream(length: descriptor.size) { offset, count in
          try source.read(at: offset, count: count)
        }
        try finishUpload(descriptor, to: reference, at: location, body: body)
      }
      return .uploaded
    }
  }

  /// Stores a manifest or index under the reference's tag or digest.
  public func pushManifest(
    _ bytes: [UInt8], type: MediaType, to reference: ImageReference
  ) throws(RegistryError) -> Digest {
    let digest = environment.digest(reference.digest?.algorithm ?? .sha256, bytes)
    if let expected = reference.digest, expected != digest {
      throw .digestMismatch(expected: expected, got: digest)
    }
    var call = pushCall(.put, reference, path: "manifests/\(reference.tag ?? digest.description)")
    call.subject = .manifest
    call.headers["Content-Type"] = type.rawValue
    call.body = .bytes(bytes)
    let fixed = call
    let reply = try withRetries { () throws(Failure) in try attempt(fixed) }
    let stored = reply.response.headers["Docker-Content-Digest"].flatMap { try? Digest($0) }
    if let stored, stored.algorithm == digest.algorithm, stored != digest {
      throw .digestMismatch(expected: digest, got: stored)
    }
    return digest
  }

  private func pushCall(
    _ method: HTTPRequest.Method, _ reference: ImageReference, path: String = "",
    address: WebAddress? = nil
  ) -> Call {
    Call(
      method: method, registry: reference.registry, repository: reference.repository, path: path,
      address: address, scopes: [Self.scope(reference, "pull,push")])
  }

  private func startUpload(
    _ digest: Digest, to reference: ImageReference, mountFrom: String?
  ) throws(Failure) -> Reply {
    var call = pushCall(.post, reference, path: "blobs/uploads/")
    call.body = .bytes([])
    if let mountFrom {
      call.scopes.append("repository:\(mountFrom):pull")
      call.path += "?mount=\(digest)&from=\(WebAddress.percentEncoded(mountFrom))"
    }
    return try attempt(call)
  }

  private func sendChunks(
    _ descriptor: Descriptor, to reference: ImageReference, at start: WebAddress,
    source: any BlobSource, size: Int64
  ) throws(Failure) -> WebAddress {
    var location = start
    var offset: Int64 = 0
    while offset < descriptor.size {
      let base = offset
      let length = min(size, descriptor.size - base)
      var call = pushCall(.patch, reference, address: location)
      call.headers["Content-Type"] = "application/octet-stream"
      call.headers["Content-Range"] = "\(base)-\(base + length - 1)"
      call.body = .stream(length: length) { at, count in
        try source.read(at: base + at, count: count)
      }
      location = try uploadLocation(try attempt(call))
      offset += length
    }
    return location
  }

  private func finishUpload(
    _ descriptor: Descriptor, to reference: ImageReference, at location: WebAddress,
    body: HTTPRequest.Body
  ) throws(Failure) {
    let address = location.appending(query: [("digest", descriptor.digest.description)])
    var call = pushCall(.put, reference, address: address)
    call.headers["Content-Type"] = "application/octet-stream"
    call.body = if case .none = body { .bytes([]) } else { body }
    _ = try attempt(call)
  }

  private func uploadLocation(_ reply: Reply) throws(Failure) -> WebAddress {
    let host = reply.address.authority
    guard let text = reply.response.headers["Location"] else {
      throw Failure(.badResponse(host: host, reason: "an upload without Location"))
    }
    guard let location = reply.address.resolving(text),
      location.scheme == .https || reply.address.scheme == .http
    else { throw Failure(.refusedRedirect(from: host, to: text)) }
    return location
  }
}
