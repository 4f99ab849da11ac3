public import Model

/// Asks for the store to be looked through for damage.
public struct CheckRequest: Codable, Sendable {
  public enum Depth: String, Codable, Sendable {
    /// Only whether everything is there.
    case quick
    /// Digests of all blobs as well.
    case blobs
    /// Every unpacked file as well, compared with the archive it came from.
    case files
  }

  public var depth: Depth
  /// Whether to mend what can be mended.
  public var repair: Bool
  /// Whether images may be removed that cannot be mended and that no container uses.
  public var discard: Bool
  /// Leftovers younger than this are no damage; nanoseconds.
  public var age: Int64
  /// What containers need.
  public var users: CollectRequest
  /// Chain IDs below containers that run: not to be exchanged now.
  public var mounted: [Digest]
  /// IDs of images that containers were made from.
  public var imagesInUse: [Digest]

  public init(
    depth: Depth, repair: Bool, discard: Bool, age: Int64, users: CollectRequest,
    mounted: [Digest], imagesInUse: [Digest]
  ) {
    self.depth = depth
    self.repair = repair
    self.discard = discard
    self.age = age
    self.users = users
    self.mounted = mounted
    self.imagesInUse = imagesInUse
  }
}

/// One thing that is wrong with the store.
public struct StoreProblem: Codable, Equatable, Sendable {
  /// What it is about: `blob sha256:…`, `layer …`, `image …`, `name …`, or a path.
  public var subject: String
  public var message: String
  /// Why it could not be mended; nil when it was, or when nobody tried.
  public var obstacle: String?
  public var isRepaired = false
  /// Something that a killed command left: it takes room and does no harm.
  public var isLeftover = false

  public init(_ subject: String, _ message: String, isLeftover: Bool = false) {
    self.subject = subject
    self.message = message
    self.isLeftover = isLeftover
  }
}
