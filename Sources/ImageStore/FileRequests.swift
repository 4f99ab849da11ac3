/// How ids of a tree's own user namespace stand in the helper's; no ranges at all: they are equal.
public struct TreeIDs: Codable, Equatable, Sendable {
  public typealias Range = RemapRequest.Range

  public var users: [Range]
  public var groups: [Range]

  public init(users: [Range] = [], groups: [Range] = []) {
    self.users = users
    self.groups = groups
  }
}

/// A place in a tree of files: a container's root, or the machine's.
public struct TreePlace: Codable, Sendable {
  /// The tree's root: an open directory that the helper inherits, else a path.
  public var descriptor: Int32?
  public var root: String
  /// Absolute in the tree, as the user wrote it: a slash or `/.` at its end means something.
  public var path: String
  /// How messages call the path, if otherwise.
  public var given: String?
  public var ids: TreeIDs
  /// How messages call it: `the host`, or `container NAME`.
  public var owner: String

  public init(
    root: String, descriptor: Int32? = nil, path: String, given: String? = nil,
    ids: TreeIDs = TreeIDs(), owner: String
  ) {
    self.given = given
    self.root = root
    self.descriptor = descriptor
    self.path = path
    self.ids = ids
    self.owner = owner
  }
}

/// Asks for files to be copied from one tree into another.
public struct CopyRequest: Codable, Sendable {
  public struct Owner: Codable, Equatable, Sendable {
    public var uid: UInt32
    public var gid: UInt32

    public init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }
  }

  /// Nil: a tar archive on the user's standard input.
  public var source: TreePlace?
  /// Nil: a tar archive to the user's standard output.
  public var target: TreePlace?
  /// Who owns the copies, in the target's ids; nil keeps the owners.
  public var owner: Owner?
  /// A directory may replace another file, and the other way round.
  public var overwrites = false

  public init(source: TreePlace?, target: TreePlace?) {
    self.source = source
    self.target = target
  }
}

/// A container's own files and the image layers that they lie above.
public struct LayeredTree: Codable, Sendable {
  /// The overlay's upper directory, or a whole copy of the layers that has been changed since.
  public var upper: String
  /// When the whole copy was made, in nanoseconds since the epoch; nil for an upper directory.
  public var copied: Int64?
  /// The layers' directories, lowest first.
  public var layers: [String]
  public var ids: TreeIDs
  /// Where things were mounted: places there that are new and empty were made for that alone.
  public var mountPoints: [String]

  public init(upper: String, layers: [String], ids: TreeIDs = TreeIDs(), mountPoints: [String] = [])
  {
    self.upper = upper
    self.layers = layers
    self.ids = ids
    self.mountPoints = mountPoints
  }
}

/// Asks for a whole copy of an image's files in a directory of their own.
public struct CopyImageRequest: Codable, Sendable {
  /// The layers' directories, lowest first.
  public var layers: [String]
  /// The new directory.
  public var target: String
  /// What the ids in the copy mean.
  public var ids: TreeIDs
  /// Whether the copy has to survive a power cut once it is there.
  public var isDurable: Bool
  /// What progress is told of, and its bytes.
  public var label: String
  public var size: Int64

  public init(
    layers: [String], target: String, ids: TreeIDs, isDurable: Bool, label: String, size: Int64
  ) {
    self.layers = layers
    self.target = target
    self.ids = ids
    self.isDurable = isDurable
    self.label = label
    self.size = size
  }
}

/// What became of one path.
public struct FileChange: Codable, Equatable, Sendable {
  public enum Kind: String, Codable, Sendable {
    case added = "A"
    case changed = "C"
    case deleted = "D"
  }

  public var kind: Kind
  /// Absolute; bytes that are not text are replaced.
  public var path: String

  public init(_ kind: Kind, _ path: String) {
    self.kind = kind
    self.path = path
  }
}

/// Asks for a tar archive of a tree.
public struct ExportRequest: Codable, Sendable {
  public var tree: TreePlace

  public init(tree: TreePlace) { self.tree = tree }
}

/// Asks for an image of a container's files.
public struct CommitRequest: Codable, Sendable {
  public enum Format: String, Codable, Sendable, CaseIterable { case oci, docker }

  /// The image that the container was made from; nil for one without.
  public var base: String?
  /// The container's own files, for a layer above the image's.
  public var changes: LayeredTree?
  /// All files, for an image of one layer.
  public var whole: TreePlace?
  public var format = Format.oci
  /// A full reference to name the image by.
  public var reference: String?
  public var author: String?
  public var message: String?
  /// What its containers run.
  public var entrypoint: [String] = []
  public var command: [String] = []
  public var environment: [String] = []
  public var user = ""
  public var workingDirectory = ""
  public var labels: [String: String] = [:]
  public var ports: [String] = []
  public var volumes: [String] = []
  /// The command line to name in the image's history.
  public var createdBy = ""
  /// Instructions as in a Containerfile.
  public var instructions: [String] = []

  public init() {}
}
