import Model

/// The credentials files that container tools share (containers-auth.json(5)).
///
/// Looks at registries and at longer prefixes such as `quay.io/team/app`; the longest match in
/// the first file that has one wins.
public struct AuthFile {
  /// What the files and helpers are reached by; this module has no kernel access of its own.
  public struct Access {
    public var environment: (_ name: String) -> String?
    /// The content of a file, nil when there is none.
    public var read: (_ path: String) throws -> [UInt8]?
    /// Replaces a file atomically, mode 0600, making its folder (0700) where it lacks.
    public var write: (_ path: String, _ content: [UInt8]) throws -> Void
    /// Runs `docker-credential-NAME VERB` with that input, and returns its output; nil when it
    /// ends with a failure, which for `get` means that it knows nothing.
    public var runHelper: (_ program: String, _ verb: String, _ input: Secret) throws -> Secret?

    public init(
      environment: @escaping (_ name: String) -> String?,
      read: @escaping (_ path: String) throws -> [UInt8]?,
      write: @escaping (_ path: String, _ content: [UInt8]) throws -> Void,
      runHelper: @escaping (_ program: String, _ verb: String, _ input: Secret) throws -> Secret?
    ) {
      self.environment = environment
      self.read = read
      self.write = write
      self.runHelper = runHelper
    }
  }

  private let access: Access
  /// `--authfile`, which is looked at alone.
  private let explicitPath: String?
  /// `credential-helpers` of registries.conf: asked in that order.
  private let helpers: [String]

  /// Whether logins are kept under docker's names.
  public var writesDockerKeys = false

  /// The word among the helpers that means the files themselves.
  private static let files = "containers-auth.json"

  public init(access: Access, path: String? = nil, helpers: [String]? = nil) {
    self.access = access
    explicitPath = path
    self.helpers = helpers ?? [Self.files]
  }

  /// The files to look at, in order; `store` writes the first.
  var paths: [String] {
    let named = explicitPath ?? filled("REGISTRY_AUTH_FILE")
    if let named { return [named] }
    var paths: [String] = []
    if let folder = filled("XDG_RUNTIME_DIR") { paths.append(folder + "/containers/auth.json") }
    let home = filled("HOME")
    if let folder = filled("XDG_CONFIG_HOME") ?? home.map({ $0 + "/.config" }) {
      paths.append(folder + "/containers/auth.json")
    }
    if let folder = filled("DOCKER_CONFIG") ?? home.map({ $0 + "/.docker" }) {
      paths.append(folder + "/config.json")
    }
    return paths
  }

  private func filled(_ name: String) -> String? {
    access.environment(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The credentials for a repository, nil for none.
  public func find(registry: String, repository: String) throws(RegistryError) -> Credentials? {
    for helper in helpers {
      let found =
        helper == Self.files
        ? try findInFiles(registry, repository) : try ask(helper, registry: registry)
      if let found { return found }
    }
    return nil
  }

  private func findInFiles(
    _ registry: String, _ repository: String
  ) throws(RegistryError) -> Credentials? {
    for path in paths {
      guard let file = try load(path) else { continue }
      if let found = try find(registry, repository, in: file, path: path) { return found }
    }
    return nil
  }

  /// Remembers a login, keeps other entries, and returns the file or helper that has it.
  public func store(_ credentials: Credentials, for registry: String) throws(RegistryError)
    -> String
  {
    if let helper = helpers.first, helper != Self.files {
      try run(helper, "store", try Self.helperInput(credentials, registry: registry))
      return helper
    }
    let path = try firstPath()
    var file = try load(path) ?? .object([:])
    if let helper = Self.helper(for: registry, in: file) {
      try run(helper, "store", try Self.helperInput(credentials, registry: registry))
      return helper
    }
    var entry = JSONValue.object([:])
    switch credentials {
    case .password(let user, let password):
      guard !user.contains(":") else { throw .credentials("the user name has a colon") }
      entry["auth"] = .string(Base64.encode("\(user):\(password.revealed)"))
    case .identityToken(let token):
      entry["identitytoken"] = .string(token.revealed)
    }
    var logins = file["auths"] ?? .object([:])
    for key in logins.members.keys where Self.normalized(key) == registry { logins[key] = nil }
    logins[writesDockerKeys ? Self.helperKey(registry) : registry] = entry
    file["auths"] = logins
    try save(file, path)
    return path
  }

  /// Forgets the login in every file; false when there was none.
  public func erase(_ registry: String) throws(RegistryError) -> Bool {
    var found = false
    for helper in helpers where helper != Self.files {
      found = try run(helper, "erase", Secret(Self.helperKey(registry))) || found
    }
    for path in paths {
      guard var file = try load(path) else { continue }
      if let helper = Self.helper(for: registry, in: file) {
        found = try run(helper, "erase", Secret(Self.helperKey(registry))) || found
      }
      guard var logins = file["auths"] else { continue }
      let keys = logins.members.keys.filter { Self.normalized($0) == registry }
      guard !keys.isEmpty else { continue }
      for key in keys { logins[key] = nil }
      file["auths"] = logins
      try save(file, path)
      found = true
    }
    return found
  }

  /// Forgets all logins of the file that `store` writes, those that its helpers keep as well.
  public func eraseAll() throws(RegistryError) {
    let path = try firstPath()
    guard var file = try load(path) else { return }
    for (registry, helper) in file["credHelpers"]?.members ?? [:] {
      if let name = helper.text { try run(name, "erase", Secret(Self.helperKey(registry))) }
    }
    if let store = file["credsStore"]?.text, !store.isEmpty { try eraseAll(of: store) }
    file["auths"] = .object([:])
    try save(file, path)
  }

  private func eraseAll(of helper: String) throws(RegistryError) {
    let program = try Self.program(helper)
    let list = try RegistryClient.local { try access.runHelper(program, "list", Secret("")) }
    guard let list, let known = JSONValue.parse(Array(list.revealed.utf8)) else { return }
    for address in known.members.keys { try run(helper, "erase", Secret(address)) }
  }

  private func firstPath() throws(RegistryError) -> String {
    guard let path = paths.first else {
      throw .credentials("neither HOME nor XDG_RUNTIME_DIR is set")
    }
    return path
  }

  private func load(_ path: String) throws(RegistryError) -> JSONValue? {
    guard let bytes = try RegistryClient.local({ try access.read(path) }), !bytes.isEmpty else {
      return nil
    }
    guard let value = JSONValue.parse(bytes) else { throw .credentials("\(path) is no valid JSON") }
    return value
  }

  private func save(_ file: JSONValue, _ path: String) throws(RegistryError) {
    guard let bytes = file.encoded else { throw .credentials("\(path) cannot be written as JSON") }
    try RegistryClient.local { try access.write(path, bytes) }
  }
}

extension AuthFile {
  private func find(
    _ registry: String, _ repository: String, in file: JSONValue, path: String
  ) throws(RegistryError) -> Credentials? {
    var logins: [String: JSONValue] = [:]
    for (key, value) in file["auths"]?.members ?? [:] where logins[Self.normalized(key)] == nil {
      logins[Self.normalized(key)] = value
    }
    for name in Self.prefixes(registry, repository) {
      if let helper = file["credHelpers"]?[name]?.text {
        return try ask(helper, registry: name)
      }
      if let entry = logins[name], let found = try Self.read(entry, path: path, name: name) {
        return found
      }
    }
    guard let helper = file["credsStore"]?.text, !helper.isEmpty else { return nil }
    return try ask(helper, registry: registry)
  }

  /// `quay.io/a/b`, `quay.io/a`, `quay.io`.
  static func prefixes(_ registry: String, _ repository: String) -> [String] {
    var parts = [registry] + repository.split(separator: "/").map(String.init)
    var result: [String] = []
    while !parts.isEmpty {
      result.append(parts.joined(separator: "/"))
      parts.removeLast()
    }
    return result
  }

  /// Docker writes Docker Hub as a URL, and some tools others as well.
  static func normalized(_ key: String) -> String {
    var rest = key[...]
    for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count).prefix { $0 != "/" }
    }
    while rest.hasSuffix("/") { rest.removeLast() }
    let isHub = ["index.docker.io", "registry-1.docker.io", "index.docker.io/v1"].contains(rest)
    return isHub ? "docker.io" : String(rest)
  }

  private static func read(
    _ entry: JSONValue, path: String, name: String
  ) throws(RegistryError) -> Credentials? {
    if let token = entry["identitytoken"]?.text, !token.isEmpty {
      return .identityToken(Secret(token))
    }
    if let encoded = entry["auth"]?.text, !encoded.isEmpty {
      guard let decoded = Base64.decode(encoded), let colon = decoded.firstIndex(of: ":") else {
        throw .credentials("the entry \(TerminalText.safe(name)) of \(path) is damaged")
      }
      // Docker pads some passwords with NUL bytes.
      let password = decoded[decoded.index(after: colon)...].filter { $0 != "\0" }
      return .password(user: String(decoded[..<colon]), Secret(password))
    }
    if let user = entry["username"]?.text, let password = entry["password"]?.text {
      return .password(user: user, Secret(password))
    }
    return nil
  }

  private static func helper(for registry: String, in file: JSONValue) -> String? {
    let name = file["credHelpers"]?[registry]?.text ?? file["credsStore"]?.text
    return name.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func helperKey(_ registry: String) -> String {
    registry == ImageReference.defaultRegistry ? "https://index.docker.io/v1/" : registry
  }

  private static func helperInput(
    _ credentials: Credentials, registry: String
  ) throws(RegistryError) -> Secret {
    let (user, secret) =
      switch credentials {
      case .password(let user, let password): (user, password)
      // The user name by which helpers know a token.
      case .identityToken(let token): ("<token>", token)
      }
    let value = JSONValue.object([
      "ServerURL": .string(helperKey(registry)), "Username": .string(user),
      "Secret": .string(secret.revealed),
    ])
    guard let bytes = value.encoded else { throw .credentials("the login is not text") }
    return Secret(String(decoding: bytes, as: UTF8.self))
  }

  private func ask(_ helper: String, registry: String) throws(RegistryError) -> Credentials? {
    let program = try Self.program(helper)
    let reply = try RegistryClient.local {
      try access.runHelper(program, "get", Secret(Self.helperKey(registry)))
    }
    guard let reply else { return nil }
    guard let value = JSONValue.parse(Array(reply.revealed.utf8)),
      let user = value["Username"]?.text, let secret = value["Secret"]?.text
    else { throw .credentials("\(program) gave no user name and secret") }
    return user == "<token>"
      ? .identityToken(Secret(secret)) : .password(user: user, Secret(secret))
  }

  @discardableResult
  private func run(_ helper: String, _ verb: String, _ input: Secret) throws(RegistryError) -> Bool
  {
    let program = try Self.program(helper)
    let output = try RegistryClient.local { try access.runHelper(program, verb, input) }
    if output == nil, verb == "store" { throw .credentials("\(program) did not store the login") }
    return output != nil
  }

  /// A name with a slash would run any program.
  private static func program(_ helper: String) throws(RegistryError) -> String {
    let isName = helper.utf8.allSatisfy { byte in
      byte.isLowerCaseLetter || byte.isUpperCaseLetter || byte.isASCIIDigit
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
    guard isName, !helper.isEmpty else {
      throw .credentials("\(TerminalText.safe(helper)) is not the name of a credential helper")
    }
    return "docker-credential-" + helper
  }
}
