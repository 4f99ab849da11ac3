import LinuxSystem
import Model
import OCISpec
public import RegistryConfig
import StateStore

/// Shows and changes which images may be used (policy.json).
public struct ImageTrust {
  private let files: ConfigFiles

  /// The file to show and change; nil is the one that pulling obeys.
  private let chosen: String?

  public init(_ files: ConfigFiles = .current, file: String? = nil) {
    self.files = files
    chosen = file
  }

  private var path: String? { chosen.map { FileTree.exists($0) ? $0 : nil } ?? files.policyPath }

  /// One scope's rule, in the words of `image trust show`.
  public struct Rule: Equatable, Sendable {
    /// `all` for the default, else `repository` or the transport's name.
    public var transport: String
    public var name: String
    /// `accept`, `reject`, `signed`, `sigstoreSigned`.
    public var kind: String
    public var keys: [String]
    /// Where signatures are kept.
    public var store: String
  }

  /// All rules, the default first.
  public func rules() throws -> [Rule] {
    let policy =
      try chosen.map { try TrustPolicy(try FileTree.read($0, limit: 1 << 20), path: $0) }
      ?? files.policy()
    let places = try files.signaturePlaces()
    var rules = policy.fallback.map { Self.rule("all", "default", $0, "") }
    for (transport, scopes) in policy.transports.sorted(by: { $0.key < $1.key }) {
      for (scope, requirements) in scopes.sorted(by: { $0.key < $1.key }) {
        let isRegistry = transport == "docker"
        let reference = isRegistry ? try? ImageReference("\(scope)/x") : nil
        rules += requirements.map {
          Self.rule(
            isRegistry ? "repository" : transport, scope, $0,
            reference.flatMap { places.lookaside(for: $0) } ?? "")
        }
      }
    }
    return rules
  }

  /// The file as it is.
  public func raw() throws -> String {
    guard let path else {
      throw ErrorReport(.notFound, "there is no policy.json", hint: "without one all is accepted")
    }
    return try FileTree.readText(path, limit: 1 << 20)
  }

  /// What `set` takes.
  public static let kinds = ["accept", "reject", "signedBy"]

  /// Sets the rule of a registry, namespace or image, or with `default` that of all others, in the
  /// user's own file.
  public func set(_ scope: String, _ kind: String, keys: [String]) throws {
    guard let target = chosen ?? files.user.map({ "\($0)/policy.json" }) else {
      throw ErrorReport(.unavailable, "there is no home directory to keep policy.json in")
    }
    var requirements: [JSONValue] = []
    switch kind {
    case "accept": requirements = [Self.requirement("insecureAcceptAnything")]
    case "reject": requirements = [Self.requirement("reject")]
    case "signedBy":
      guard !keys.isEmpty else {
        throw ErrorReport(
          .invalidRequest, "signedBy needs a key", hint: "add --pubkeysfile FILE")
      }
      requirements = keys.map { path in
        .object(
          JSONObject([
            .init("type", .string("signedBy")), .init("keyType", .string("GPGKeys")),
            .init("keyPath", .string(path)),
          ]))
      }
    default:
      throw ErrorReport(
        .invalidRequest,
        "invalid choice: \(kind) (choose from \(Self.kinds.joined(separator: ", ")))")
    }
    guard kind == "signedBy" || keys.isEmpty else {
      throw ErrorReport(.invalidRequest, "--pubkeysfile goes with --type signedBy only")
    }
    let document = try changed(scope, .array(requirements))
    // What we write must be what we read.
    let bytes = document.encoded(pretty: true) + [0x0A]
    _ = try TrustPolicy(bytes, path: target)
    let parts = target.split(separator: "/", omittingEmptySubsequences: false)
    let directory = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
    try RecordStore(directory.isEmpty ? "/" : directory).write(
      String(parts.last ?? ""), bytes: bytes, durability: .power, mode: 0o644)
  }

  private func changed(_ scope: String, _ value: JSONValue) throws -> JSONValue {
    var object = JSONObject([.init("default", .array([Self.requirement("insecureAcceptAnything")]))]
    )
    if path != nil,
      case .object(let present) = try JSONValue(
        parsing: Array(try raw().utf8))
    {
      object = present
    }
    if scope == "default" {
      object.set("default", value)
      return .object(object)
    }
    var transports = JSONObject()
    if case .object(let present)? = object.find("transports") { transports = present }
    var docker = JSONObject()
    if case .object(let present)? = transports.find("docker") { docker = present }
    docker.set(scope, value)
    transports.set("docker", .object(docker))
    object.set("transports", .object(transports))
    return .object(object)
  }

  private static func requirement(_ type: String) -> JSONValue {
    .object(JSONObject([.init("type", .string(type))]))
  }

  private static func rule(
    _ transport: String, _ name: String, _ requirement: TrustPolicy.Requirement, _ store: String
  ) -> Rule {
    switch requirement {
    case .accept: Rule(transport: transport, name: name, kind: "accept", keys: [], store: "")
    case .reject: Rule(transport: transport, name: name, kind: "reject", keys: [], store: "")
    case .signedBy(let signed):
      Rule(
        transport: transport, name: name, kind: "signed",
        keys: signed.keyPaths + (signed.keyData == nil ? [] : ["(in the policy)"]), store: store)
    case .sigstore(let signed):
      Rule(
        transport: transport, name: name, kind: "sigstoreSigned",
        keys: signed.keyPaths + signed.keyDatas.map { _ in "(in the policy)" }, store: "")
    case .unverifiable(let type):
      Rule(transport: transport, name: name, kind: type, keys: [], store: "")
    }
  }
}

extension JSONObject {
  fileprivate mutating func set(_ key: String, _ value: JSONValue) {
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = value
    } else {
      members.append(.init(key, value))
    }
  }
}
