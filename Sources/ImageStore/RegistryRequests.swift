/// How to talk to registries, as the user's options say.
public struct RegistryAccess: Codable, Equatable, Sendable {
  /// nil: as registries.conf says, and loosely towards this machine itself.
  public var tlsVerify: Bool?
  public var authFile: String?
  /// Whether `authFile` is one of docker's (`~/.docker/config.json`), which spells Docker Hub its way.
  public var isDockerFile: Bool?
  /// `user:password`, for this operation alone.
  public var credentials: String?
  public var certificateDirectory: String?
  /// How often a request is tried again, be it that the registry cannot be connected to; nil: three times,
  /// and not then.
  public var retries: Int?
  /// Every pause between tries, in milliseconds; nil: a second, and each time twice as long.
  public var retryDelay: Int?

  public static let standardRetries = 3

  public init() {}
}

public struct PullRequest: Codable, Sendable {
  /// A full reference.
  public var reference: String
  /// `os/arch[/variant]`; the machine's own when nil.
  public var platform: String?
  public var access: RegistryAccess

  public init(
    reference: String, platform: String? = nil, access: RegistryAccess = RegistryAccess()
  ) {
    self.reference = reference
    self.platform = platform
    self.access = access
  }
}

/// Asks about, makes or forgets the login for a registry.
public struct LoginRequest: Codable, Sendable {
  public enum Action: String, Codable, Sendable {
    /// Checks the credentials with the registry and keeps them.
    case login
    /// Answers with the user's name.
    case show
    case logout
    case logoutAll
  }

  public var action: Action
  /// A host with optional port and namespace; nil for all.
  public var registry: String?
  public var user: String?
  public var password: String?
  public var access: RegistryAccess

  public init(action: Action, registry: String?, access: RegistryAccess) {
    self.action = action
    self.registry = registry
    self.access = access
  }
}

/// Asks for the tags of a repository.
public struct TagsRequest: Codable, Sendable {
  /// A full reference; its tag means nothing.
  public var reference: String
  public var access: RegistryAccess

  public init(reference: String, access: RegistryAccess) {
    self.reference = reference
    self.access = access
  }
}

/// Asks for an image to be copied to a registry.
public struct PushRequest: Codable, Sendable {
  public struct Compression: Codable, Sendable {
    /// `gzip` or `zstd`.
    public var format: String?
    public var level: Int?
    /// Layers that are compressed otherwise are compressed anew.
    public var isForced: Bool
    /// Of a list: what its images are to be had in besides; `gzip` or `zstd`.
    public var additional: [String] = []

    public init(format: String? = nil, level: Int? = nil, isForced: Bool = false) {
      self.format = format
      self.level = level
      self.isForced = isForced
    }
  }

  /// A name or ID, as the user wrote it.
  public var image: String
  /// A full reference with a tag.
  public var destination: String
  /// `oci` or `v2s2`; nil keeps the image's own.
  public var format: String?
  public var compression = Compression()
  public var access: RegistryAccess

  public init(image: String, destination: String, access: RegistryAccess) {
    self.image = image
    self.destination = destination
    self.access = access
  }
}

/// Asks a registry for repositories.
public struct SearchRequest: Codable, Sendable {
  /// A host with optional port.
  public var registry: String
  /// Part of a name; empty for all.
  public var term: String
  public var limit: Int
  public var access: RegistryAccess

  public init(registry: String, term: String, limit: Int, access: RegistryAccess) {
    self.registry = registry
    self.term = term
    self.limit = limit
    self.access = access
  }
}

/// A repository that a registry found.
public struct SearchHit: Codable, Equatable, Sendable {
  public var name: String
  public var description: String
  public var stars: Int
  public var isOfficial: Bool
  public var isAutomated: Bool

  public init(
    name: String, description: String, stars: Int, isOfficial: Bool, isAutomated: Bool
  ) {
    self.name = name
    self.description = description
    self.stars = stars
    self.isOfficial = isOfficial
    self.isAutomated = isAutomated
  }
}
