public import ImageStore
public import Model

/// Copies an image to a registry, or to a file as `save` does.
public struct PushImage {
  /// Where to.
  public enum Destination: Equatable, Sendable {
    case registry(ImageReference)
    case file(ArchiveImages.Format, path: String)
  }

  public struct Settings: Sendable {
    /// `oci` or `v2s2`; nil keeps the image's own.
    public var format: String?
    public var compression = PushRequest.Compression()
    public var access = RegistryAccess()
    /// Whether layers that are not compressed shall be, in a directory (`dir:`); nowhere else.
    public var compressesFiles = false

    public init() {}
  }

  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  private static let files: [(prefix: String, format: ArchiveImages.Format)] = [
    ("oci:", .ociDirectory), ("oci-archive:", .ociArchive), ("dir:", .dockerDirectory),
    ("docker-archive:", .dockerArchive),
  ]

  /// Reads what the user wrote: `[docker://]NAME`, or `TRANSPORT:PATH`.
  ///
  /// Without a text the image's own name is meant.
  public static func destination(_ text: String?, of image: String) throws -> Destination {
    let text = text ?? image
    for (prefix, format) in files where text.hasPrefix(prefix) {
      let path = String(text.dropFirst(prefix.count))
      guard !path.isEmpty, !path.contains(":") else {
        throw ErrorReport(
          .invalidRequest, "\(text): a name behind the path is not supported",
          hint: "write \(prefix)PATH; the image keeps its own name")
      }
      return .file(format, path: path)
    }
    for prefix in ["docker-daemon:", "containers-storage:", "ostree:", "sif:"]
    where text.hasPrefix(prefix) {
      throw ErrorReport(
        .invalidRequest, "\(text): the transport \(prefix.dropLast()) is not supported",
        hint: "use docker://, oci:, oci-archive:, docker-archive: or dir:")
    }
    let reference = try ImageReference(ResolveImage.withoutTransport(text))
    guard reference.digest == nil else {
      throw ErrorReport(
        .invalidRequest, "\(text): a destination cannot have a digest",
        hint: "leave out @ and the rest")
    }
    return .registry(reference)
  }

  /// - Returns: the digest that the registry knows the image by; nil for a file.
  public func run(
    _ image: String, to destination: Destination, _ settings: Settings = Settings(),
    events: (TransferEvent) -> Void = { _ in }
  ) throws -> Digest? {
    let name = ResolveImage.withoutTransport(image)
    if settings.compressesFiles {
      guard case .file(.dockerDirectory, _) = destination else {
        throw ErrorReport(
          .invalidRequest, "--compress is for the transport dir alone",
          hint: "for a registry use --compression-format")
      }
    }
    switch destination {
    case .file(let format, let path):
      let prefix = Self.files.first { $0.format == format }?.prefix ?? ""
      try ArchiveImages(context).save(
        [name], as: format, to: path, pushed: prefix + path,
        layers: settings.compressesFiles ? .compressed : .asStored, events: events)
      return nil
    case .registry(let reference):
      var request = PushRequest(
        image: name, destination: reference.full, access: settings.access)
      request.format = settings.format
      request.compression = settings.compression
      let digest = try HelperClient(context).run(.push(request), events: events).digest
      let known = try context.imageStore.find(name)
      context.note(image: "push", id: known?.id.hex ?? "", name: reference.full)
      return digest
    }
  }
}
