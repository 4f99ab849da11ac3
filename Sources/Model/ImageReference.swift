/// The name of an image in a registry, in Docker's grammar: `[domain[:port]/]path[:tag][@digest]`.
///
/// What the user left out is filled in: `alpine` is `docker.io/library/alpine:latest`.
public struct ImageReference: Hashable, Sendable {
  /// A host name or address with an optional port.
  public let registry: String
  /// The path below the registry, such as `library/alpine`.
  public let repository: String
  /// At least one of `tag` and `digest` is there; with neither in the text, the tag is `latest`.
  public let tag: String?
  public let digest: Digest?

  public static let defaultRegistry = "docker.io"
  public static let defaultTag = "latest"

  public init(_ text: some StringProtocol) throws(ParseError) {
    let parts = try ReferenceGrammar.split(String(text))
    registry = parts.registry
    repository = parts.repository
    digest = parts.digest
    tag = parts.tag ?? (parts.digest == nil ? Self.defaultTag : nil)
  }

  private init(registry: String, repository: String, tag: String?, digest: Digest?) {
    self.registry = registry
    self.repository = repository
    self.tag = tag
    self.digest = digest
  }

  /// Whether the text names no registry, so that Docker Hub or a search list supplies it.
  public static func isShortName(_ text: some StringProtocol) -> Bool {
    ReferenceGrammar.splitDomain(String(text)).domain == nil
  }

  /// The same repository, by digest alone.
  public func pinned(to digest: Digest) -> ImageReference {
    ImageReference(registry: registry, repository: repository, tag: nil, digest: digest)
  }

  /// The same repository under another tag, without a digest.
  public func tagged(_ tag: String) throws(ParseError) -> ImageReference {
    guard ReferenceGrammar.isTag(tag) else { throw .malformedTag(tag) }
    return ImageReference(registry: registry, repository: repository, tag: tag, digest: nil)
  }

  /// Registry and repository: `docker.io/library/alpine`.
  public var name: String { "\(registry)/\(repository)" }

  /// The name as people write it: `alpine`, `user/app`, `quay.io/a/b`.
  public var familiarName: String {
    guard registry == Self.defaultRegistry else { return name }
    let official = "library/"
    if repository.hasPrefix(official) {
      let rest = repository.dropFirst(official.count)
      if !rest.contains("/") { return String(rest) }
    }
    // docker.io/localhost/x must not shrink to a name that reads as another registry.
    return ReferenceGrammar.splitDomain(repository).domain == nil ? repository : name
  }

  /// The complete spelling, with registry, tag and digest.
  public var full: String { name + suffix }

  /// The short spelling that still parses to this reference.
  public var familiar: String { familiarName + suffix }

  private var suffix: String {
    (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
  }
}

extension ImageReference: CustomStringConvertible {
  public var description: String { full }
}

extension ImageReference: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(full)
  }
}

extension ImageReference {
  public enum ParseError: ReportableError, Equatable {
    case empty
    case hasScheme(String)
    case looksLikeID(String)
    case upperCaseRepository(String)
    case malformedRegistry(String)
    case malformedRepository(String)
    case malformedTag(String)
    case malformedDigest(Digest.ParseError)
    case tooLong(Int)

    public var report: ErrorReport {
      switch self {
      case .empty:
        ErrorReport(.invalidRequest, "the image name is empty")
      case .hasScheme(let text):
        ErrorReport(
          .invalidRequest, "the image name \(text.debugDescription) has a URL scheme",
          hint: "leave out everything up to ://")
      case .looksLikeID(let text):
        ErrorReport(
          .invalidRequest, "\(text) is an image ID, not a name",
          hint: "a name with 64 hex digits needs a registry or a path in front of it")
      case .upperCaseRepository(let name):
        ErrorReport(
          .invalidRequest, "repository name \(name) has upper-case letters",
          hint: "use \(name.lowercased())")
      case .malformedRegistry(let text):
        ErrorReport(.invalidRequest, "\(text.debugDescription) is not a registry host")
      case .malformedRepository(let text):
        ErrorReport(
          .invalidRequest, "\(text.debugDescription) is not a repository name",
          hint: "use lower-case letters and digits, with single . _ or - between them")
      case .malformedTag(let text):
        ErrorReport(
          .invalidRequest, "\(text.debugDescription) is not a tag",
          hint: "use at most 128 letters, digits, . _ and -, not starting with . or -")
      case .malformedDigest(let error):
        error.report
      case .tooLong(let length):
        ErrorReport(
          .invalidRequest, "the repository name has \(length) characters", hint: "use at most 255")
      }
    }
  }
}
