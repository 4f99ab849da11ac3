import ImageStore
public import Model

/// Images from and to files (`load`, `save`, `import`).
public struct ArchiveImages {
  public enum Format: String, CaseIterable, Sendable {
    case dockerArchive = "docker-archive"
    case ociArchive = "oci-archive"
    case ociDirectory = "oci-dir"
    case dockerDirectory = "docker-dir"

    var wire: SaveRequest.Format {
      switch self {
      case .dockerArchive: .dockerArchive
      case .ociArchive: .ociArchive
      case .ociDirectory: .ociDirectory
      case .dockerDirectory: .dockerDirectory
      }
    }
  }

  /// An image that came in, with its new names in full.
  public struct Loaded: Equatable, Sendable {
    public var id: Digest
    public var names: [String]
  }

  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// What follows a transport that means a file or directory; nil for names in registries.
  public static func path(_ name: String) -> String? {
    for transport in ["docker-archive:", "oci-archive:", "oci:", "dir:"]
    where name.hasPrefix(transport) {
      return String(name.dropFirst(transport.count))
    }
    return nil
  }

  /// Reads an archive or a layout's directory; `-` is standard input.
  ///
  /// `pulled`: what the user called it when he asked for an image rather than for the archive.
  public func load(
    _ path: String, pulled name: String? = nil, platform: String? = nil,
    events: (TransferEvent) -> Void = { _ in }
  ) throws -> [Loaded] {
    if let platform { _ = try Platform(platform) }
    let request = LoadRequest(path: path, platform: platform)
    let loaded = try HelperClient(context).run(.load(request), events: events).images
      .map { Loaded(id: $0.id, names: $0.names) }
    for image in loaded {
      context.note(
        image: name == nil ? "loadfromarchive" : "pull", id: image.id.hex,
        name: name ?? (path == "-" ? image.names.first ?? image.id.hex : path))
    }
    return loaded
  }

  /// How the layers of a saved image are written.
  public enum Layers: Sendable {
    /// As the store has them, so that the image keeps its digest.
    case asStored
    case compressed, uncompressed
  }

  /// Writes images to a file or directory that does not exist yet; `-` is standard output.
  ///
  /// `pushed`: what the user called the place when he pushed the image there.
  public func save(
    _ images: [String], as format: Format, to path: String, pushed place: String? = nil,
    layers: Layers = .asStored,
    events: (TransferEvent) -> Void = { _ in }
  ) throws {
    let store = context.imageStore
    var found: [(id: Digest, name: String)] = []
    for image in images {
      guard let stored = try store.find(image) else {
        throw ErrorReport(.notFound, "\(image): image not known")
      }
      found.append((stored.id, image))
    }
    var request = SaveRequest(images: images, format: format.wire, path: path)
    switch layers {
    case .asStored: break
    case .compressed: request.layerForm = .compressed
    case .uncompressed: request.layerForm = .uncompressed
    }
    _ = try HelperClient(context).run(.save(request), events: events)
    for image in found {
      context.note(
        image: place == nil ? "save" : "push", id: image.id.hex,
        name: place ?? (path == "-" ? image.name : path))
    }
  }

  /// What `import` makes an image of, and how.
  public struct Import: Sendable {
    /// A tar file, or `-` for standard input.
    public var path: String
    /// A name of the user's; without a registry it becomes a local one.
    public var name: String?
    /// Instructions as in a Containerfile: `CMD ["sh"]`.
    public var changes: [String] = []
    public var message: String?
    public var platform: String?

    public init(path: String) { self.path = path }
  }

  public func importRootfs(
    _ wanted: Import, events: (TransferEvent) -> Void = { _ in }
  ) throws -> Digest {
    var request = ImportRequest(
      path: wanted.path, reference: try wanted.name.map { try TagImage.newName($0).full },
      changes: wanted.changes)
    request.message = wanted.message
    request.platform = wanted.platform
    let result = try HelperClient(context).run(.importRootfs(request), events: events)
    guard let image = result.images.first else {
      throw ErrorReport(.bug, "importing \(wanted.path) gave no image")
    }
    context.note(image: "import", id: image.id.hex, name: request.reference ?? image.id.hex)
    return image.id
  }
}
