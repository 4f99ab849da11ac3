import Model

extension RegistryClient {
  /// One request to a registry, before endpoint, authorization and redirects.
  struct Call {
    enum Subject {
      /// The registry itself.
      case registry
      case repository
      case manifest
      case blob(Digest)
    }

    var method: HTTPRequest.Method
    var registry: String
    var repository: String
    /// Below `/v2/REPOSITORY/`, or from the root when it starts with a slash, unless `address`
    /// says more.
    var path: String
    /// An upload location that the registry gave.
    var address: WebAddress?
    var scopes: [String]
    var subject = Subject.repository
    var headers = HTTPHeaders()
    var body = HTTPRequest.Body.none
    /// Bytes of a body that is collected.
    var limit = RegistryClient.errorBodyLimit
    /// Receives the body of a good answer; without it the body is collected.
    var sink: ((HTTPResponse, [UInt8]) throws -> Void)?

    var scope: String { scopes.joined(separator: " ") }
  }

  struct Reply {
    var response: HTTPResponse
    var body: [UInt8]
    /// Where the answer came from, after redirects.
    var address: WebAddress
  }

  /// One attempt, with whatever redirects and authorization it takes; a good answer is 2xx.
  func attempt(_ call: Call) throws(Failure) -> Reply {
    try withEndpoint(of: call.registry) { endpoint throws(Failure) in
      let path = call.path.hasPrefix("/") ? call.path : "/v2/\(call.repository)/\(call.path)"
      let start = call.address ?? endpoint.address(path)
      let mayAuthorize = start.origin == endpoint.address("/").origin
      var header = mayAuthorize ? tokens.find(origin: start.origin, scope: call.scope) : nil
      var reply = try follow(call, from: start, header: header, endpoint: endpoint)
      // A challenge of another host is not ours to answer: it would get the credentials.
      if reply.response.status == 401, mayAuthorize, reply.address.origin == start.origin {
        tokens.remove(origin: start.origin, scope: call.scope)
        let hadHeader = header != nil
        header = try authorize(call, challenge: reply, endpoint: endpoint)
        if header != nil || hadHeader {
          reply = try follow(call, from: start, header: header, endpoint: endpoint)
        }
        if let header, reply.response.status != 401 {
          tokens.store(header, origin: start.origin, scope: call.scope)
        }
      }
      guard (200..<300).contains(reply.response.status) else {
        throw failure(of: reply, call: call)
      }
      return reply
    }
  }

  /// Sends and follows redirects of GET and HEAD.
  private func follow(
    _ call: Call, from start: WebAddress, header: Secret?, endpoint: Endpoint
  ) throws(Failure) -> Reply {
    var address = start
    for _ in 0...Self.redirectLimit {
      var request = HTTPRequest(
        call.method, address, headers: call.headers, body: call.body,
        verifiesTLS: endpoint.verifiesTLS)
      request.headers["User-Agent"] = options.userAgent
      if let header, address.origin == start.origin {
        request.headers["Authorization"] = header.revealed
      }
      let reply = try send(request, limit: call.limit, sink: call.sink)
      guard [301, 302, 303, 307, 308].contains(reply.response.status),
        call.method == .get || call.method == .head
      else { return reply }
      address = try redirectTarget(of: reply)
    }
    throw Failure(.tooManyRedirects(host: start.authority))
  }

  private func redirectTarget(of reply: Reply) throws(Failure) -> WebAddress {
    guard let location = reply.response.headers["Location"] else {
      throw Failure(
        .badResponse(host: reply.address.authority, reason: "a redirect without Location"))
    }
    guard let target = reply.address.resolving(location),
      target.scheme == .https || reply.address.scheme == .http
    else { throw Failure(.refusedRedirect(from: reply.address.authority, to: location)) }
    return target
  }

  /// One exchange; the body of a good answer goes to the sink, any other is collected.
  func send(
    _ request: HTTPRequest, limit: Int, sink: ((HTTPResponse, [UInt8]) throws -> Void)?
  ) throws(Failure) -> Reply {
    var response: HTTPResponse?
    var body: [UInt8] = []
    do throws(TransportError) {
      try transport.perform(
        request, onResponse: { response = $0 },
        onBody: { chunk in
          let isGood = response.map { (200..<300).contains($0.status) } ?? false
          if isGood, let sink, let response {
            try sink(response, chunk)
          } else if isGood, body.count + chunk.count > limit {
            throw Failure(.tooLong(limit: Int64(limit)))
          } else {
            body.append(contentsOf: chunk.prefix(limit - min(limit, body.count)))
          }
        })
    } catch {
      throw Failure(error, host: request.url.authority)
    }
    guard let response else {
      throw Failure(.badResponse(host: request.url.authority, reason: "no status"))
    }
    return Reply(response: response, body: body, address: request.url)
  }

  /// Gives a bad status its meaning.
  private func failure(of reply: Reply, call: Call) -> Failure {
    let host = reply.address.authority
    let detail = ServerMessage(reply.body)
    switch reply.response.status {
    case 401:
      return Failure(.unauthorized(registry: call.registry, message: detail.text))
    case 403:
      return Failure(.denied(registry: call.registry, message: detail.text))
    case 404:
      return Failure(notFound(detail, call: call))
    case 429:
      return transient(.rateLimited(host: host), reply)
    case 408, 502, 503, 504:
      return transient(serverError(reply, detail), reply)
    default:
      return Failure(serverError(reply, detail))
    }
  }

  private func serverError(_ reply: Reply, _ detail: ServerMessage) -> RegistryError {
    .serverError(
      host: reply.address.authority, status: reply.response.status, message: detail.text ?? "")
  }

  private func transient(_ error: RegistryError, _ reply: Reply) -> Failure {
    var failure = Failure(error)
    failure.isTransient = true
    failure.retryAfter = RetryAfter.pause(reply.response.headers)
    return failure
  }

  private func notFound(_ detail: ServerMessage, call: Call) -> RegistryError {
    let name = "\(call.registry)/\(call.repository)"
    if detail.code == "NAME_UNKNOWN" { return .nameUnknown(name) }
    switch call.subject {
    case .registry: return .notARegistry(call.registry)
    case .repository: return .nameUnknown(name)
    case .manifest:
      let tag = call.path.split(separator: "/").last.map(String.init) ?? ""
      return .manifestUnknown(name + (tag.contains(":") ? "@" : ":") + tag)
    case .blob(let digest): return .blobUnknown(digest)
    }
  }
}
