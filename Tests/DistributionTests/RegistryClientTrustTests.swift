import Distribution
import Model
import OCISpec
import Testing

@Suite struct RegistryClientTrustTests {
  typealias Answer = ScriptedTransport.Answer

  static let user = Credentials.password(user: "u", Secret("p"))
  static let good = Answer.status(
    200, ["Content-Type": MediaType.ociManifest.rawValue], RegistryClientFetchTests.manifestText)

  static func bearer(_ realm: String) -> Answer {
    .status(401, ["WWW-Authenticate": "Bearer realm=\"\(realm)\",service=\"s p\""])
  }

  let reference: ImageReference
  init() throws { reference = try ImageReference("r.example/a/b") }

  @Test func answersABearerChallenge() throws {
    let script = Script(
      [
        Self.bearer("https://auth.example/t"), .status(200, [:], "{\"token\":\"T\"}"), Self.good,
        Self.good,
      ],
      credentials: Self.user)
    _ = try script.client.fetchManifest(reference)
    _ = try script.client.fetchManifest(reference)
    let requests = script.transport.requests
    #expect(
      script.transport.log[1]
        == "GET https://auth.example/t?service=s%20p&scope=repository%3Aa%2Fb%3Apull&account=u")
    #expect(
      requests.map { $0.headers["Authorization"] } == [nil, "Basic dTpw", "Bearer T", "Bearer T"])
  }

  @Test func asksForATokenWithoutCredentials() throws {
    let script = Script([
      Self.bearer("https://auth.example/t"), .status(200, [:], "{\"access_token\":\"T\"}"),
      Self.good,
    ])
    _ = try script.client.fetchManifest(reference)
    #expect(
      script.transport.requests.map { $0.headers["Authorization"] } == [nil, nil, "Bearer T"])
  }

  @Test func renewsATokenThatExpires() throws {
    let token = Answer.status(200, [:], "{\"token\":\"T\"}")
    let challenge = Self.bearer("https://auth.example/t")
    let script = Script([challenge, token, Self.good, challenge, token, Self.good])
    _ = try script.client.fetchManifest(reference)
    _ = try script.client.fetchManifest(reference)
    #expect(script.transport.unplayed == 0)
  }

  @Test func exchangesAnIdentityToken() throws {
    let script = Script(
      [
        Self.bearer("https://auth.example/t"), .status(200, [:], "{\"access_token\":\"T\"}"),
        Self.good,
      ],
      credentials: .identityToken(Secret("a b")))
    _ = try script.client.fetchManifest(reference)
    let request = script.transport.requests[1]
    #expect(request.method == .post)
    guard case .bytes(let form) = request.body else {
      Issue.record("no form")
      return
    }
    #expect(String(decoding: form, as: UTF8.self).contains("refresh_token=a%20b"))
  }

  @Test func answersABasicChallenge() throws {
    let script = Script(
      [.status(401, ["www-authenticate": "Basic realm=x"]), Self.good], credentials: Self.user)
    _ = try script.client.fetchManifest(reference)
    #expect(script.transport.requests[1].headers["Authorization"] == "Basic dTpw")
  }

  @Test func saysWhenCredentialsAreRefused() {
    let basic = Answer.status(401, ["WWW-Authenticate": "Basic"])
    #expect(throws: RegistryError.unauthorized(registry: "r.example", message: nil)) {
      try Script([basic]).client.fetchManifest(reference)
    }
    let script = Script([basic, basic], credentials: Self.user)
    #expect(throws: RegistryError.unauthorized(registry: "r.example", message: nil)) {
      try script.client.fetchManifest(reference)
    }
    #expect(script.transport.unplayed == 0)
  }

  @Test func sendsNoPasswordToAnUnencryptedRealm() {
    let script = Script([Self.bearer("http://auth.example/t")], credentials: Self.user)
    #expect(
      throws: RegistryError.insecureRealm(registry: "r.example", realm: "http://auth.example/t")
    ) { try script.client.fetchManifest(reference) }
    #expect(script.transport.requests.count == 1)
  }

  @Test func dropsAuthorizationOnTheWayToAnotherHost() throws {
    let script = Script(
      [
        .status(401, ["WWW-Authenticate": "Basic"]),
        .status(307, ["Location": "https://cdn.example/x?sig=1"]),
        .status(200, [:], RegistryClientFetchTests.text),
      ], credentials: Self.user)
    try script.client.fetchBlob(
      RegistryClientFetchTests.blob, from: reference, into: RecordingSink())
    #expect(
      script.transport.requests.map { $0.headers["Authorization"] } == [nil, "Basic dTpw", nil])
    #expect(script.transport.log[2] == "GET https://cdn.example/x?sig=1")
  }

  @Test(arguments: ["https://r.example:444/x", "https://r.example.evil/x", "https://R.example./x"])
  func anotherPortOrNameIsAnotherHost(location: String) throws {
    let script = Script(
      [
        .status(401, ["WWW-Authenticate": "Basic"]), .status(302, ["Location": location]),
        Self.good,
      ],
      credentials: Self.user)
    _ = try script.client.fetchManifest(reference)
    #expect(script.transport.requests[2].headers["Authorization"] == nil)
  }

  @Test func keepsAuthorizationOnTheSameHost() throws {
    let script = Script(
      [
        .status(401, ["WWW-Authenticate": "Basic"]),
        .status(301, ["Location": "/v2/c/manifests/1"]), Self.good,
      ],
      credentials: Self.user)
    _ = try script.client.fetchManifest(reference)
    #expect(script.transport.requests[2].headers["Authorization"] == "Basic dTpw")
  }

  @Test func answersNoChallengeOfAnotherHost() {
    let script = Script(
      [
        .status(307, ["Location": "https://evil.example/"]),
        .status(401, ["WWW-Authenticate": "Basic"]),
      ],
      credentials: Self.user)
    #expect(throws: RegistryError.unauthorized(registry: "r.example", message: nil)) {
      try script.client.fetchManifest(reference)
    }
    #expect(script.transport.requests.allSatisfy { $0.headers["Authorization"] == nil })
  }

  @Test(arguments: [
    "http://r.example/x", "file:///etc/passwd", "https://u:p@evil.example/", "ftp://x/y", "",
    "https://", "https://a b/", "//u@evil/",
  ])
  func refusesRedirects(location: String) {
    let script = Script([.status(307, ["Location": location])])
    #expect(throws: RegistryError.refusedRedirect(from: "r.example", to: location)) {
      try script.client.fetchManifest(reference)
    }
    #expect(script.transport.requests.count == 1)
  }

  @Test func endsARedirectLoop() {
    let script = Script(Array(repeating: .status(302, ["Location": "/loop"]), count: 50))
    #expect(throws: RegistryError.tooManyRedirects(host: "r.example")) {
      try script.client.fetchManifest(reference)
    }
    #expect(script.transport.requests.count == 11)
  }

  @Test(arguments: ["localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000", "localhost"])
  func speaksPlainHTTPWithThisMachine(registry: String) throws {
    let script = Script([.fails(.tls("no TLS")), Self.good, Self.good])
    let reference = try ImageReference("\(registry)/a")
    _ = try script.client.fetchManifest(reference)
    _ = try script.client.fetchManifest(reference)
    let plain = "GET http://\(registry)/v2/a/manifests/latest"
    #expect(
      script.transport.log == ["GET https://\(registry)/v2/a/manifests/latest", plain, plain])
  }

  @Test(arguments: ["r.example", "127.0.0.1.evil.example", "localhost.evil.example"])
  func neverSpeaksPlainHTTPWithOthers(registry: String) throws {
    let script = Script([.fails(.tls("bad certificate"))])
    #expect(throws: RegistryError.insecureConnection(host: registry, reason: "bad certificate")) {
      try script.client.fetchManifest(ImageReference("\(registry)/a"))
    }
    #expect(script.transport.requests.map(\.verifiesTLS) == [true])
  }

  @Test func doesAsItIsToldAboutTLS() throws {
    let lax = Script([.fails(.tls("self-signed")), Self.good])
    lax.tlsVerify = false
    _ = try lax.client.fetchManifest(reference)
    #expect(lax.transport.requests.map(\.verifiesTLS) == [false, false])
    #expect(lax.transport.log[1].hasPrefix("GET http://"))
    let strict = Script([.fails(.tls("self-signed"))])
    strict.tlsVerify = true
    #expect(throws: RegistryError.insecureConnection(host: "localhost", reason: "self-signed")) {
      try strict.client.fetchManifest(ImageReference("localhost/a"))
    }
  }

  @Test func secretsDoNotShow() {
    let secret = Secret("hunter2")
    var dumped = ""
    dump(Credentials.password(user: "u", secret), to: &dumped)
    for text in ["\(secret)", String(reflecting: Self.user), String(reflecting: secret), dumped] {
      #expect(!text.contains("hunter2"))
    }
    #expect("\(secret)" == "***")
  }
}
