import ImageStore
import LinuxSystem
public import Model
import OCISpec

/// `commit`: an image of a container's files and settings.
public struct CommitContainer {
  public struct Request: Sendable {
    public enum Format: String, Sendable, CaseIterable { case oci, docker }

    /// A name for the image.
    public var name: String?
    public var author: String?
    public var message: String?
    /// Instructions as in a Containerfile.
    public var changes: [String] = []
    public var format = Format.oci
    /// One layer with all files.
    public var squash = false
    /// The container's volumes become volumes of the image.
    public var includesVolumes = false

    public init() {}
  }

  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// - Returns: the image's id.
  public func run(
    _ id: String, _ wanted: Request, events: (TransferEvent) -> Void = { _ in }
  ) throws -> Digest {
    let files = try ContainerFiles(context, id)
    let config = files.config
    var request = try describe(config, wanted)
    let view = wanted.squash || config.image == nil ? try files.bareRoot() : nil
    let ids = try files.ids()
    if view == nil { request.changes = try LayeredTrees(context: context).container(config) }
    let result = try HelperClient(context).run(
      descriptors: view?.descriptor.map { [(HelperRequest.treeDescriptor, $0)] } ?? [],
      events: events
    ) {
      if let view { request.whole = try files.place(view, ids: ids, name: config.name) }
      return .commit(request)
    }
    // Until here the container must not start, so that its files hold still.
    withExtendedLifetime((files, view)) {}
    guard let image = result.images.first else {
      throw ErrorReport(.bug, "committing container \(config.name) gave no image")
    }
    context.note("commit", config)
    return image.id
  }

  private func describe(_ config: ContainerConfig, _ wanted: Request) throws -> CommitRequest {
    var request = CommitRequest()
    request.base = config.image?.id
    request.format = CommitRequest.Format(rawValue: wanted.format.rawValue) ?? .oci
    request.reference = try wanted.name.map { try TagImage.newName($0).full }
    request.author = wanted.author
    request.message = wanted.message
    request.instructions = wanted.changes
    request.entrypoint = config.process.entrypoint
    request.command = config.process.command
    request.environment = config.process.environment
    request.user = config.process.user
    request.workingDirectory = config.process.workingDirectory
    request.labels = config.labels
    request.createdBy = config.process.arguments.joined(separator: " ")
    request.ports = config.network.ports.compactMap(Self.exposed)
    if wanted.includesVolumes {
      request.volumes = config.mounts.filter { $0.kind == .volume || $0.kind == .bind }
        .map(\.destination)
    }
    return request
  }

  /// The container's side of a port mapping: `80/tcp`.
  private static func exposed(_ mapping: String) -> String? {
    let parts = mapping.split(separator: "/", maxSplits: 1)
    guard let port = parts.first?.split(separator: ":").last else { return nil }
    return "\(port)/\(parts.count > 1 ? parts[1] : "tcp")"
  }
}
