import Distribution
import Model
import Testing

@Suite struct AuthFileTests {
  /// Files, environment and helpers in memory.
  final class World {
    var files: [String: String]
    var environment: [String: String]
    var helperReply: String?
    private(set) var helperCalls: [String] = []

    init(
      _ files: [String: String] = [:],
      environment: [String: String] = ["HOME": "/h", "XDG_RUNTIME_DIR": "/run/u"]
    ) {
      self.files = files
      self.environment = environment
    }

    func authFile(path: String? = nil) -> AuthFile {
      let access = AuthFile.Access(
        environment: { self.environment[$0] },
        read: { self.files[$0].map { Array($0.utf8) } },
        write: { self.files[$0] = String(decoding: $1, as: UTF8.self) },
        runHelper: { program, verb, input in
          self.helperCalls.append("\(program) \(verb) \(input.revealed)")
          return self.helperReply.map { Secret($0) }
        })
      return AuthFile(access: access, path: path)
    }
  }

  static let runtime = "/run/u/containers/auth.json"
  static let docker = "/h/.docker/config.json"
  static func password(_ user: String, _ password: String) -> Credentials {
    .password(user: user, Secret(password))
  }

  @Test(arguments: [
    ("quay.io", "a/b/c", "app"), ("quay.io", "a/b", "app"), ("quay.io", "a/x", "team"),
    ("quay.io", "x", "host"), ("quay.io", "ab/c", "host"),
  ])
  func theLongestPrefixWins(registry: String, repository: String, user: String) throws {
    let world = World([
      Self.runtime: """
      {"auths":{"quay.io":{"auth":"aG9zdDpw"},"quay.io/a":{"auth":"dGVhbTpw"},
       "quay.io/a/b":{"auth":"YXBwOnA="}}}
      """
    ])
    #expect(
      try world.authFile().find(registry: registry, repository: repository)
        == Self.password(user, "p"))
  }

  @Test(arguments: [
    "https://index.docker.io/v1/", "docker.io", "index.docker.io",
    "https://registry-1.docker.io/v2/",
  ])
  func knowsDockerHubByItsOldNames(key: String) throws {
    let world = World([Self.docker: "{\"auths\":{\"\(key)\":{\"auth\":\"dTpwOng=\"}}}"])
    #expect(
      try world.authFile().find(registry: "docker.io", repository: "library/a")
        == Self.password("u", "p:x"))
    #expect(try world.authFile().find(registry: "quay.io", repository: "a") == nil)
  }

  @Test func readsIdentityTokens() throws {
    let world = World([
      Self.docker: "{\"auths\":{\"r.io\":{\"auth\":\"dTpw\",\"identitytoken\":\"T\"}}}"
    ])
    #expect(
      try world.authFile().find(registry: "r.io", repository: "a") == .identityToken(Secret("T")))
  }

  @Test func theFirstFileWithAnEntryWins() throws {
    let world = World([
      Self.runtime: "{\"auths\":{\"r.io\":{\"auth\":\"MTpw\"}}}",
      "/h/.config/containers/auth.json": "{\"auths\":{\"s.io\":{\"auth\":\"Mjpw\"}}}",
      Self.docker: "{\"auths\":{\"r.io\":{\"auth\":\"Mzpw\"},\"t.io\":{\"auth\":\"Mzpw\"}}}",
      "/x": "{\"auths\":{\"r.io\":{\"auth\":\"NDpw\"}}}",
    ])
    for (registry, user) in [("r.io", "1"), ("s.io", "2"), ("t.io", "3")] {
      #expect(
        try world.authFile().find(registry: registry, repository: "a") == Self.password(user, "p"))
    }
    world.environment["REGISTRY_AUTH_FILE"] = "/x"
    #expect(
      try world.authFile().find(registry: "r.io", repository: "a") == Self.password("4", "p"))
    #expect(try world.authFile().find(registry: "s.io", repository: "a") == nil)
  }

  @Test func asksHelpers() throws {
    let world = World([
      Self.docker: "{\"credHelpers\":{\"r.io\":\"pass\"},\"credsStore\":\"desktop\"}"
    ])
    world.helperReply = "{\"Username\":\"u\",\"Secret\":\"p\"}"
    let file = world.authFile()
    #expect(try file.find(registry: "r.io", repository: "a") == Self.password("u", "p"))
    world.helperReply = "{\"Username\":\"<token>\",\"Secret\":\"T\"}"
    #expect(try file.find(registry: "docker.io", repository: "a") == .identityToken(Secret("T")))
    world.helperReply = nil
    #expect(try file.find(registry: "s.io", repository: "a") == nil)
    #expect(
      world.helperCalls == [
        "docker-credential-pass get r.io",
        "docker-credential-desktop get https://index.docker.io/v1/",
        "docker-credential-desktop get s.io",
      ])
  }

  @Test func runsNoHelperWithAPathInItsName() {
    let world = World([Self.docker: "{\"credsStore\":\"/../../tmp/x\"}"])
    #expect(throws: RegistryError.self) {
      try world.authFile().find(registry: "r.io", repository: "a")
    }
    #expect(world.helperCalls.isEmpty)
  }

  @Test func logsInAndOutAndKeepsTheRest() throws {
    let world = World([
      Self.runtime:
        "{\"auths\":{\"s.io\":{\"auth\":\"dTpw\",\"more\":[1,1.5,null]}},\"other\":true}"
    ])
    let file = world.authFile()
    #expect(try file.store(Self.password("me", "p:w"), for: "r.io") == Self.runtime)
    #expect(try file.find(registry: "r.io", repository: "a") == Self.password("me", "p:w"))
    #expect(world.files[Self.runtime]?.contains("\"other\" : true") == true)
    #expect(world.files[Self.runtime]?.contains("\"more\"") == true)
    #expect(try file.erase("r.io"))
    #expect(try !file.erase("r.io"))
    #expect(try file.find(registry: "r.io", repository: "a") == nil)
    #expect(try file.find(registry: "s.io", repository: "a") == Self.password("u", "p"))
  }

  @Test func makesTheFileOfTheFirstLogin() throws {
    let world = World()
    _ = try world.authFile(path: "/new").store(Self.password("u", "p"), for: "r.io")
    #expect(world.files["/new"]?.contains("dTpw") == true)
    #expect(throws: RegistryError.credentials("neither HOME nor XDG_RUNTIME_DIR is set")) {
      try World(environment: [:]).authFile().store(Self.password("u", "p"), for: "r.io")
    }
  }

  @Test func storesWithTheHelper() throws {
    let world = World([Self.runtime: "{\"credsStore\":\"pass\"}"])
    world.helperReply = ""
    #expect(try world.authFile().store(Self.password("u", "p"), for: "r.io") == "pass")
    #expect(world.helperCalls.count == 1)
    #expect(world.files[Self.runtime] == "{\"credsStore\":\"pass\"}")
  }

  @Test(arguments: [
    "{", "{\"auths\":{\"r.io\":{\"auth\":\"!\"}}}", "{\"auths\":{\"r.io\":{\"auth\":\"dQ==\"}}}",
    "{\"auths\":{},\"auths\":{}}",
  ])
  func saysThatAFileIsDamaged(content: String) {
    let world = World([Self.docker: content])
    let error = #expect(throws: RegistryError.self) {
      try world.authFile().find(registry: "r.io", repository: "a")
    }
    #expect(error?.report.message.contains(Self.docker) == true)
  }
}
