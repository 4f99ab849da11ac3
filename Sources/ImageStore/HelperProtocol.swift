public import Model

/// What `martlet` asks of `martlet-image`: one JSON document on its standard input.
///
/// The helper runs inside the user namespace whose ids own the store. It answers by lines of JSON,
/// one `HelperEvent` each, on descriptor 3, and ends with 0 or 1. Where a path is `-`, the user's
/// standard input is its descriptor 4 and his standard output its descriptor 5.
public struct HelperRequest: Codable, Sendable {
  /// The directory that holds `images` and `layers`.
  public var dataRoot: String
  /// Data directories of stores that are only read.
  public var additionalRoots: [String]
  public var operation: Operation

  public init(dataRoot: String, additionalRoots: [String] = [], operation: Operation) {
    self.dataRoot = dataRoot
    self.additionalRoots = additionalRoots
    self.operation = operation
  }

  public enum Operation: Codable, Sendable {
    case pull(PullRequest)
    case login(LoginRequest)
    case tags(TagsRequest)
    case push(PushRequest)
    case list(ListRequest)
    case search(SearchRequest)
    case load(LoadRequest)
    case save(SaveRequest)
    case importRootfs(ImportRequest)
    case remap(RemapRequest)
    case unpack(UnpackRequest)
    case copyImage(CopyImageRequest)
    case collect(CollectRequest)
    case removeTrees(RemoveTreesRequest)
    case check(CheckRequest)
    case copy(CopyRequest)
    case listChanges(LayeredTree)
    case export(ExportRequest)
    case commit(CommitRequest)
  }

  public static let eventDescriptor: Int32 = 3
  public static let userInput: Int32 = 4
  public static let userOutput: Int32 = 5
  /// The first of the descriptors by which a request names open directories.
  public static let treeDescriptor: Int32 = 6
}

public struct LoadRequest: Codable, Sendable {
  /// An archive or a directory, or `-`.
  public var path: String
  public var platform: String?

  public init(path: String, platform: String? = nil) {
    self.path = path
    self.platform = platform
  }
}

public struct SaveRequest: Codable, Sendable {
  public enum Format: String, Codable, Sendable, CaseIterable {
    case dockerArchive = "docker-archive"
    case ociArchive = "oci-archive"
    case ociDirectory = "oci-dir"
    case dockerDirectory = "docker-dir"
  }

  /// How layers are written that the store has otherwise.
  public enum LayerForm: String, Codable, Sendable { case compressed, uncompressed }

  /// Names or IDs, as the user wrote them.
  public var images: [String]
  public var format: Format
  /// Nil: as they are, which keeps the image's digest.
  public var layerForm: LayerForm?
  /// A file or directory that does not exist yet, or `-`.
  public var path: String

  public init(images: [String], format: Format, path: String) {
    self.images = images
    self.format = format
    self.path = path
  }
}

public struct ImportRequest: Codable, Sendable {
  /// A tar, compressed or not, or `-`.
  public var path: String
  /// A full reference to name the image by.
  public var reference: String?
  /// Instructions as in a Containerfile: `CMD ["sh"]`, `ENV a=b`.
  public var changes: [String]
  public var message: String?
  public var platform: String?

  public init(path: String, reference: String? = nil, changes: [String] = []) {
    self.path = path
    self.reference = reference
    self.changes = changes
  }
}

/// Asks for a copy of an image's files with all owners translated.
public struct RemapRequest: Codable, Sendable {
  public struct Range: Codable, Hashable, Sendable {
    /// First id as the image has it.
    public var image: UInt32
    /// First id, in the helper's user namespace, to own such files in the copy.
    public var target: UInt32
    public var length: UInt32

    public init(image: UInt32, target: UInt32, length: UInt32) {
      self.image = image
      self.target = target
      self.length = length
    }
  }

  /// An image ID.
  public var image: String
  /// A name of the mapping, of letters, digits and dashes; part of the copy's path.
  public var mapName: String
  public var uids: [Range]
  public var gids: [Range]
  /// Where the kernel can, make a layer that refers to the contents instead of a copy.
  public var mayRefer = false

  public init(image: String, mapName: String, uids: [Range], gids: [Range]) {
    self.image = image
    self.mapName = mapName
    self.uids = uids
    self.gids = gids
  }
}

/// Asks for the layers of an image to be unpacked whose blobs are there already.
public struct UnpackRequest: Codable, Sendable {
  /// An image ID.
  public var image: String

  public init(image: String) { self.image = image }
}

/// Asks for all to be deleted that no image and nothing named here needs.
public struct CollectRequest: Codable, Sendable {
  /// Chain IDs that containers use.
  public var layersInUse: [Digest]
  /// Names of directories below `layers/mapped` that containers use.
  public var mappedInUse: [String]
  /// The containers that this says the needs of; nil when nobody makes others meanwhile.
  public var containers: [String]?
  /// Whether layers go, too, that were unpacked for images of additional stores.
  public var dropsBorrowed = false

  public init(layersInUse: [Digest] = [], mappedInUse: [String] = []) {
    self.layersInUse = layersInUse
    self.mappedInUse = mappedInUse
  }
}

public struct RemoveTreesRequest: Codable, Sendable {
  /// Absolute paths below the data root.
  public var paths: [String]

  public init(paths: [String]) { self.paths = paths }
}

/// One line of the helper's answer: exactly one of its fields is there.
public struct HelperEvent: Codable, Sendable {
  public var progress: Progress?
  public var warning: String?
  public var result: Result?
  public var error: Failure?

  public init(
    progress: Progress? = nil, warning: String? = nil, result: Result? = nil,
    error: Failure? = nil
  ) {
    self.progress = progress
    self.warning = warning
    self.result = result
    self.error = error
  }

  public struct Progress: Codable, Equatable, Sendable {
    public enum Status: String, Codable, Sendable {
      case waiting, downloading, extracting, done, exists, copying
    }

    /// The first digits of a digest, or a word.
    public var id: String
    public var status: Status
    /// Bytes.
    public var current: Int64?
    public var total: Int64?

    public init(id: String, status: Status, current: Int64? = nil, total: Int64? = nil) {
      self.id = id
      self.status = status
      self.current = current
      self.total = total
    }
  }

  public struct Result: Codable, Equatable, Sendable {
    public struct Image: Codable, Equatable, Sendable {
      /// The image ID.
      public var id: Digest
      /// Its new names, in full.
      public var names: [String]

      public init(id: Digest, names: [String]) {
        self.id = id
        self.names = names
      }
    }

    public var images: [Image] = []
    /// Bytes that deleting freed.
    public var freed: Int64?
    /// Nothing was collected: there are containers that the request knows nothing of.
    public var isStale: Bool?
    /// Where a remapped copy is, or the file or helper that keeps a login.
    public var path: String?
    /// What a check found.
    public var problems: [StoreProblem]?
    /// What a registry knows a pushed image by, or the digest of a list.
    public var digest: Digest?
    /// A document as it is.
    public var document: String?
    /// What a search found.
    public var hits: [SearchHit]?
    /// The tags of a repository.
    public var tags: [String]?
    /// Whom a registry knows the user as.
    public var user: String?
    /// What differs, in the order of paths.
    public var changes: [FileChange]?
    /// Bytes of the files that were added or changed, where the tree is a whole copy.
    public var changedBytes: Int64?

    public init(images: [Image] = [], freed: Int64? = nil, path: String? = nil) {
      self.images = images
      self.freed = freed
      self.path = path
    }
  }

  public struct Failure: Codable, Equatable, Sendable {
    public var kind: String
    public var message: String
    public var hint: String?

    public init(_ report: ErrorReport) {
      kind = report.kind.rawValue
      message = report.message
      hint = report.hint
    }

    public var report: ErrorReport {
      ErrorReport(ErrorReport.Kind(rawValue: kind) ?? .bug, message, hint: hint)
    }
  }
}

extension HelperRequest.Operation {
  /// Changes how it talks to registries, if it talks to any.
  public mutating func changeAccess<Failure: Error>(
    _ change: (inout RegistryAccess) throws(Failure) -> Void
  ) throws(Failure) {
    switch self {
    case .pull(var request):
      try change(&request.access)
      self = .pull(request)
    case .push(var request):
      try change(&request.access)
      self = .push(request)
    case .list(var request):
      try change(&request.access)
      self = .list(request)
    case .tags(var request):
      try change(&request.access)
      self = .tags(request)
    case .search(var request):
      try change(&request.access)
      self = .search(request)
    default: break
    }
  }
}
