public import Model

/// What a name without a registry stands for.
public struct ShortNames: Sendable {
  public struct Resolution: Equatable, Sendable {
    /// In the order to try them.
    public var candidates: [ImageReference]
    /// The alias that gave the only candidate.
    public var alias: RegistriesConfig.Alias?
    /// Somebody at a terminal is to choose.
    public var wantsChoice = false
    /// Without a choice nothing may be taken.
    public var requiresChoice = false
  }

  private let config: RegistriesConfig

  public init(_ config: RegistriesConfig) { self.config = config }

  /// Resolves a name as podman does: an alias, else the registries to search; docker.io when
  /// no file names any.
  public func resolve(_ text: String) throws -> Resolution {
    let reference = try ImageReference(text)
    guard ImageReference.isShortName(text) else { return Resolution(candidates: [reference]) }
    let (name, suffix) = Self.split(text)
    if let alias = config.aliases[name] {
      return Resolution(candidates: [try ImageReference(alias.name + suffix)], alias: alias)
    }
    let registries = config.searchRegistries ?? []
    if registries.isEmpty { return Resolution(candidates: [reference]) }
    var resolution = Resolution(
      candidates: try registries.map { try ImageReference("\($0)/\(text)") })
    if registries.count > 1, config.mode != .disabled {
      resolution.wantsChoice = true
      resolution.requiresChoice = config.mode == .enforcing
    }
    return resolution
  }

  /// The name, and `:tag` and `@digest` behind it.
  static func split(_ text: String) -> (name: String, suffix: String) {
    let beforeDigest = text.prefix { $0 != "@" }
    let lastPart = beforeDigest.lastIndex(of: "/").map(beforeDigest.index(after:))
    let start = lastPart ?? beforeDigest.startIndex
    let end = beforeDigest[start...].firstIndex(of: ":") ?? beforeDigest.endIndex
    return (String(text[..<end]), String(text[end...]))
  }
}
