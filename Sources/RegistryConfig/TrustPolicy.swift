public import Model
import OCISpec

/// Which images may be used (containers-policy.json(5)).
public struct TrustPolicy: Equatable, Sendable {
  /// All requirements of a scope must be met.
  public enum Requirement: Equatable, Sendable {
    case accept
    case reject
    case signedBy(SignedBy)
    case sigstore(SigstoreSigned)
    /// Signed in a way that we cannot verify: nothing meets it.
    case unverifiable(String)
  }

  /// A signature by GnuPG.
  public struct SignedBy: Equatable, Sendable {
    public var keyPaths: [String] = []
    /// Base64 of a key ring.
    public var keyData: String?
    public var identity = Identity.repositoryDigestOrExact
  }

  /// A signature by a sigstore key, kept beside the image in its registry.
  public struct SigstoreSigned: Equatable, Sendable {
    public var keyPaths: [String] = []
    /// PEM in Base64.
    public var keyDatas: [String] = []
    public var identity = Identity.repositoryDigestOrExact
  }

  /// Which name a signature must be for.
  public enum Identity: Equatable, Sendable {
    case repositoryDigestOrExact
    case exact
    case repository
    case exactReference(String)
    case exactRepository(String)
    case remapped(prefix: String, signed: String)
  }

  /// What no transport's scope covers.
  public var fallback: [Requirement]
  /// By transport, then by scope; an empty scope is the transport's own default.
  public var transports: [String: [String: [Requirement]]]

  public init(fallback: [Requirement], transports: [String: [String: [Requirement]]] = [:]) {
    self.fallback = fallback
    self.transports = transports
  }

  /// What an image of a registry must meet; the longest scope wins.
  public func requirements(for reference: ImageReference) -> [Requirement] {
    guard let scopes = transports["docker"] else { return fallback }
    for scope in Self.scopes(of: reference) {
      if let found = scopes[scope] { return found }
    }
    return scopes[""] ?? fallback
  }

  /// What an archive or directory must meet.
  public func requirements(transport: String, path: String) -> [Requirement] {
    guard let scopes = transports[transport] else { return fallback }
    var scope = path[...]
    while !scope.isEmpty {
      if let found = scopes[String(scope)] { return found }
      guard let slash = scope.lastIndex(of: "/") else { break }
      scope = scope[..<slash]
    }
    return scopes[""] ?? fallback
  }

  /// From the name itself up to `*.` and a domain.
  static func scopes(of reference: ImageReference) -> [String] {
    var scopes: [String] = []
    if let digest = reference.digest { scopes.append("\(reference.name)@\(digest)") }
    if let tag = reference.tag { scopes.append("\(reference.name):\(tag)") }
    var name = reference.name[...]
    scopes.append(String(name))
    while let slash = name.lastIndex(of: "/") {
      name = name[..<slash]
      scopes.append(String(name))
    }
    var domain = reference.registry.prefix { $0 != ":" }[...]
    while let dot = domain.firstIndex(of: ".") {
      domain = domain[domain.index(after: dot)...]
      if !domain.isEmpty { scopes.append("*.\(domain)") }
    }
    return scopes
  }
}

extension TrustPolicy {
  /// Reads a policy; whatever is not understood is an error, for skipping it would weaken it.
  public init(_ bytes: [UInt8], path: String) throws(ErrorReport) {
    let reader = PolicyReader(path: path)
    let document: JSONValue
    do throws(SpecError) { document = try JSONValue(parsing: bytes) } catch {
      throw reader.bad("is no valid JSON: \(error)")
    }
    guard case .object(let object) = document else { throw reader.bad("is no JSON object") }
    guard let fallback = object.find("default") else { throw reader.bad("has no default") }
    self.init(fallback: try reader.requirements(fallback, "default"))
    for member in object.members where member.key != "default" {
      guard member.key == "transports", case .object(let list) = member.value else {
        throw reader.bad("has \(member.key.debugDescription), which is not understood")
      }
      for transport in list.members {
        guard case .object(let scopes) = transport.value else {
          throw reader.bad("transport \(transport.key) is no object")
        }
        for scope in scopes.members {
          transports[transport.key, default: [:]][scope.key] = try reader.requirements(
            scope.value, "\(transport.key) \(scope.key)")
        }
      }
    }
  }
}

private struct PolicyReader {
  let path: String

  func bad(_ reason: String) -> ErrorReport {
    ErrorReport(
      .invalidRequest, "\(path) \(reason)",
      hint: "correct the file; containers-policy.json(5) describes it")
  }

  func requirements(
    _ value: JSONValue, _ scope: String
  ) throws(ErrorReport) -> [TrustPolicy.Requirement] {
    guard case .array(let list) = value, !list.isEmpty else {
      throw bad("has no requirements for \(scope)")
    }
    var result: [TrustPolicy.Requirement] = []
    for entry in list {
      guard case .object(let object) = entry, case .string(let type)? = object.find("type") else {
        throw bad("has a requirement without a type for \(scope)")
      }
      switch type {
      case "insecureAcceptAnything": result.append(.accept)
      case "reject": result.append(.reject)
      case "signedBy": result.append(.signedBy(try signedBy(object, scope)))
      case "sigstoreSigned": result.append(try sigstore(object, scope))
      case "signedBaseLayer": result.append(.unverifiable(type))
      default: throw bad("has the requirement \(type.debugDescription), which is not understood")
      }
    }
    return result
  }

  private func signedBy(
    _ object: JSONObject, _ scope: String
  ) throws(ErrorReport) -> TrustPolicy.SignedBy {
    var result = TrustPolicy.SignedBy()
    for member in object.members {
      switch (member.key, member.value) {
      case ("type", _): break
      case ("keyType", .string("GPGKeys")): break
      case ("keyPath", .string(let path)): result.keyPaths.append(path)
      case ("keyPaths", .array(let list)):
        for case .string(let path) in list { result.keyPaths.append(path) }
      case ("keyData", .string(let data)): result.keyData = data
      case ("signedIdentity", .object(let identity)):
        result.identity = try self.identity(identity, scope)
      default: throw bad("signedBy of \(scope) has \(member.key), which is not understood")
      }
    }
    guard !result.keyPaths.isEmpty || result.keyData != nil else {
      throw bad("signedBy of \(scope) has no key")
    }
    return result
  }

  private func sigstore(
    _ object: JSONObject, _ scope: String
  ) throws(ErrorReport) -> TrustPolicy.Requirement {
    var result = TrustPolicy.SigstoreSigned()
    for member in object.members {
      switch (member.key, member.value) {
      case ("type", _): break
      case ("keyPath", .string(let path)): result.keyPaths.append(path)
      case ("keyData", .string(let data)): result.keyDatas.append(data)
      case ("keyPaths", .array(let list)):
        for case .string(let path) in list { result.keyPaths.append(path) }
      case ("keyDatas", .array(let list)):
        for case .string(let data) in list { result.keyDatas.append(data) }
      case ("signedIdentity", .object(let identity)):
        result.identity = try self.identity(identity, scope)
      case ("fulcio", _), ("pki", _), ("rekorPublicKeyPath", _), ("rekorPublicKeyData", _),
        ("rekorPublicKeyPaths", _), ("rekorPublicKeyDatas", _):
        return .unverifiable("sigstoreSigned with \(member.key)")
      default:
        throw bad("sigstoreSigned of \(scope) has \(member.key), which is not understood")
      }
    }
    guard !result.keyPaths.isEmpty || !result.keyDatas.isEmpty else {
      throw bad("sigstoreSigned of \(scope) has no key")
    }
    return .sigstore(result)
  }

  private func identity(
    _ object: JSONObject, _ scope: String
  ) throws(ErrorReport) -> TrustPolicy.Identity {
    func text(_ key: String) throws(ErrorReport) -> String {
      guard case .string(let text)? = object.find(key) else {
        throw bad("signedIdentity of \(scope) has no \(key)")
      }
      return text
    }
    switch try text("type") {
    case "matchRepoDigestOrExact": return .repositoryDigestOrExact
    case "matchExact": return .exact
    case "matchRepository": return .repository
    case "exactReference": return .exactReference(try text("dockerReference"))
    case "exactRepository": return .exactRepository(try text("dockerRepository"))
    case "remapIdentity":
      return .remapped(prefix: try text("prefix"), signed: try text("signedPrefix"))
    case let type: throw bad("signedIdentity \(type.debugDescription) is not understood")
    }
  }
}

extension TrustPolicy.Identity {
  /// Whether a signature for `signed` is one for the image that was asked for.
  public func accepts(_ signed: String, for reference: ImageReference) -> Bool {
    guard !ImageReference.isShortName(signed), let other = try? ImageReference(signed) else {
      return false
    }
    // A claim without a tag is for none in particular, and not for the tag "latest".
    let hasTag = ShortNames.split(signed).suffix.hasPrefix(":")
    switch self {
    case .exact, .exactReference: if !hasTag { return false }
    case .repositoryDigestOrExact: if !hasTag, reference.tag != nil { return false }
    case .repository, .exactRepository, .remapped: break
    }
    switch self {
    case .exact: return Self.isExact(reference, other)
    case .repositoryDigestOrExact:
      return reference.digest != nil && reference.tag == nil
        ? reference.name == other.name : Self.isExact(reference, other)
    case .repository: return reference.name == other.name
    case .exactReference(let text):
      return (try? ImageReference(text)).map { Self.isExact($0, other) } ?? false
    case .exactRepository(let text):
      return (try? ImageReference(text)).map { $0.name == other.name } ?? false
    case .remapped(let prefix, let signedPrefix):
      guard RegistriesConfig.match(reference.name, prefix) != nil else {
        return Self.isExact(reference, other)
      }
      let rest = reference.full.dropFirst(prefix.count)
      guard let mapped = try? ImageReference(signedPrefix + rest) else { return false }
      return TrustPolicy.Identity.repositoryDigestOrExact.accepts(signed, for: mapped)
    }
  }

  /// A digest is no name that somebody signed, so a tag must be there.
  private static func isExact(_ one: ImageReference, _ other: ImageReference) -> Bool {
    one.tag != nil && one.name == other.name && one.tag == other.tag
  }
}
