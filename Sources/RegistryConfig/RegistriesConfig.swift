public import Model

/// What registries.conf says, all files taken together (containers-registries.conf(5), version 2).
public struct RegistriesConfig: Equatable, Sendable {
  /// One `[[registry]]`: how images below a prefix are reached.
  public struct Registry: Equatable, Sendable {
    /// `HOST[:PORT][/NAMESPACE...]`, or `*.DOMAIN`.
    public var prefix: String
    /// What takes the prefix's place; empty keeps the name as it is.
    public var location: String
    public var isInsecure = false
    public var isBlocked = false
    public var mirrors: [Mirror] = []
  }

  public struct Mirror: Equatable, Sendable {
    public enum Use: String, Sendable {
      case all
      case digestOnly = "digest-only"
      case tagOnly = "tag-only"
    }

    public var location: String
    public var isInsecure = false
    public var use = Use.all
  }

  public enum ShortNameMode: String, Sendable { case enforcing, permissive, disabled }

  /// A short name's full one, and the file that says so.
  public struct Alias: Equatable, Sendable {
    public var name: String
    public var file: String
  }

  /// Where names without a registry are looked for; nil when no file says.
  public var searchRegistries: [String]?
  public var mode = ShortNameMode.permissive
  public var aliases: [String: Alias] = [:]
  public var registries: [Registry] = []
  /// `credential-helpers`; nil when no file says.
  public var credentialHelpers: [String]?

  public init() {}

  /// Takes over what a later file says: lists replace, registries by prefix, aliases by name.
  mutating func merge(_ later: RegistriesConfig, mode: ShortNameMode?) {
    searchRegistries = later.searchRegistries ?? searchRegistries
    credentialHelpers = later.credentialHelpers ?? credentialHelpers
    self.mode = mode ?? self.mode
    for registry in later.registries {
      registries.removeAll { $0.prefix == registry.prefix }
      registries.append(registry)
    }
    for (name, alias) in later.aliases { aliases[name] = alias.name.isEmpty ? nil : alias }
  }

  // MARK: Where an image is fetched from

  /// A place that may have an image.
  public struct Source: Equatable, Sendable {
    public var reference: ImageReference
    /// TLS that anybody could have signed, or none, will do.
    public var isInsecure: Bool
    public var isMirror: Bool

    public init(reference: ImageReference, isInsecure: Bool = false, isMirror: Bool = false) {
      self.reference = reference
      self.isInsecure = isInsecure
      self.isMirror = isMirror
    }
  }

  /// The `[[registry]]` with the longest prefix of that name.
  public func find(_ reference: ImageReference) -> Registry? {
    var best: (registry: Registry, length: Int)?
    for registry in registries {
      guard let length = Self.match(reference.name, registry.prefix) else { continue }
      if length > best?.length ?? -1 { best = (registry, length) }
    }
    return best?.registry
  }

  /// The places to pull from, in order: mirrors, then the registry itself.
  ///
  /// - Throws: a report when the registry is blocked or a location makes no name.
  public func sources(for reference: ImageReference) throws(ErrorReport) -> [Source] {
    guard let registry = find(reference) else { return [Source(reference: reference)] }
    guard !registry.isBlocked else {
      throw ErrorReport(
        .notPermitted, "registry \(registry.prefix) is blocked in registries.conf",
        hint: "use another registry, or remove blocked = true from the file")
    }
    var sources: [Source] = []
    for mirror in registry.mirrors {
      let isWanted =
        switch mirror.use {
        case .all: true
        case .digestOnly: reference.digest != nil
        case .tagOnly: reference.digest == nil
        }
      guard isWanted else { continue }
      sources.append(
        Source(
          reference: try rewrite(reference, registry.prefix, to: mirror.location),
          isInsecure: mirror.isInsecure, isMirror: true))
    }
    let own = try rewrite(reference, registry.prefix, to: registry.location)
    return sources + [Source(reference: own, isInsecure: registry.isInsecure)]
  }

  /// Where to push: the registry itself.
  public func destination(for reference: ImageReference) throws(ErrorReport) -> Source {
    let all = try sources(for: reference)
    return all[all.count - 1]
  }

  private func rewrite(
    _ reference: ImageReference, _ prefix: String, to location: String
  ) throws(ErrorReport) -> ImageReference {
    guard !location.isEmpty else { return reference }
    let rest =
      prefix.hasPrefix("*.")
      ? reference.full.dropFirst(reference.registry.count) : reference.full.dropFirst(prefix.count)
    let text = location + rest
    do throws(ImageReference.ParseError) {
      guard !ImageReference.isShortName(text) else {
        throw .malformedRegistry(location)
      }
      return try ImageReference(text)
    } catch {
      throw ErrorReport(
        .invalidRequest, "location \(location.debugDescription) of registries.conf is no registry",
        hint: error.report.message)
    }
  }

  /// The length of the match; nil without one.
  static func match(_ name: String, _ prefix: String) -> Int? {
    if prefix.hasPrefix("*.") {
      let host = name.prefix { $0 != "/" && $0 != ":" }
      return host.hasSuffix(prefix.dropFirst(1)) ? prefix.count - 1 : nil
    }
    guard name.hasPrefix(prefix) else { return nil }
    let rest = name.dropFirst(prefix.count)
    guard rest.isEmpty || rest.first == "/" else { return nil }
    return prefix.count
  }
}
