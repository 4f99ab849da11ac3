import FoundationEssentials
import OCISpec

extension RegistryClient {
  private struct TokenReply: Decodable {
    let token: String?
    let accessToken: String?

    private enum CodingKeys: String, CodingKey {
      case token
      case accessToken = "access_token"
    }
  }

  /// Answers a challenge: the value of the Authorization header, or nil when we have no answer.
  func authorize(
    _ call: Call, challenge reply: Reply, endpoint: Endpoint
  ) throws(Failure) -> Secret? {
    let headers = reply.response.headers.values(of: "WWW-Authenticate")
    guard let challenge = Challenge.find(in: headers) else {
      if headers.isEmpty { return nil }
      throw Failure(.badChallenge(registry: call.registry))
    }
    let credentials: Credentials?
    do {
      credentials = try environment.credentials(call.registry, call.repository)
    } catch {
      throw Failure(.local(wrapping: error))
    }
    switch challenge {
    case .basic:
      guard case .password(let user, let password)? = credentials else { return nil }
      return Self.basic(user, password)
    case .bearer(let realm, let service, let scope):
      let scopes = call.scopes.isEmpty ? [scope].compactMap { $0 } : call.scopes
      let address = try realmAddress(realm, registry: call.registry, endpoint: endpoint)
      let request = tokenRequest(
        address, service: service, scopes: scopes, credentials: credentials,
        verifiesTLS: endpoint.verifiesTLS)
      return try requestToken(request, registry: call.registry)
    }
  }

  /// The realm must be https, unless the registry itself was reached without TLS.
  private func realmAddress(
    _ realm: String, registry: String, endpoint: Endpoint
  ) throws(Failure) -> WebAddress {
    guard let address = WebAddress(realm) else {
      throw Failure(.badChallenge(registry: registry))
    }
    guard address.scheme == .https || endpoint.scheme == .http else {
      throw Failure(.insecureRealm(registry: registry, realm: realm))
    }
    return address
  }

  private func tokenRequest(
    _ address: WebAddress, service: String?, scopes: [String], credentials: Credentials?,
    verifiesTLS: Bool
  ) -> HTTPRequest {
    var fields = service.map { [(name: "service", value: $0)] } ?? []
    if case .identityToken(let token)? = credentials {
      fields.append(("scope", scopes.joined(separator: " ")))
      fields += [
        ("grant_type", "refresh_token"), ("client_id", "martlet"),
        ("refresh_token", token.revealed),
      ]
      let form = fields.map { "\($0.name)=\(WebAddress.percentEncoded($0.value))" }
      return HTTPRequest(
        .post, address, headers: ["Content-Type": "application/x-www-form-urlencoded"],
        body: .bytes(Array(form.joined(separator: "&").utf8)), verifiesTLS: verifiesTLS)
    }
    fields += scopes.map { ("scope", $0) }
    var request = HTTPRequest(.get, address, verifiesTLS: verifiesTLS)
    if case .password(let user, let password)? = credentials {
      fields.append(("account", user))
      request.headers["Authorization"] = Self.basic(user, password).revealed
    }
    request.url = address.appending(query: fields)
    return request
  }

  /// Asks for the token; a redirect is not followed, for the request may carry a password.
  private func requestToken(
    _ request: HTTPRequest, registry: String
  ) throws(Failure) -> Secret? {
    var request = request
    request.headers["User-Agent"] = options.userAgent
    let reply = try send(request, limit: 1 << 20, sink: nil)
    let host = request.url.authority
    let detail = ServerMessage(reply.body)
    switch reply.response.status {
    case 200..<300: break
    case 400, 401: throw Failure(.unauthorized(registry: registry, message: detail.text))
    case 403: throw Failure(.denied(registry: registry, message: detail.text))
    default:
      var failure = Failure(
        .serverError(
          host: host, status: reply.response.status, message: detail.text ?? "no token"))
      failure.isTransient = [408, 429, 502, 503, 504].contains(reply.response.status)
      throw failure
    }
    // A reply that does not parse is reported without its text: it may hold a token.
    guard (try? JSONGuard.check(reply.body)) != nil,
      let tokens = try? JSONDecoder().decode(TokenReply.self, from: Data(reply.body)),
      let token = [tokens.token, tokens.accessToken].compactMap({ $0 }).first(where: { !$0.isEmpty }
      ),
      token.utf8.allSatisfy({ (0x21..<0x7f).contains($0) })
    else { throw Failure(.badResponse(host: host, reason: "no usable token")) }
    return Secret("Bearer \(token)")
  }

  private static func basic(_ user: String, _ password: Secret) -> Secret {
    Secret("Basic " + Base64.encode("\(user):\(password.revealed)"))
  }
}
