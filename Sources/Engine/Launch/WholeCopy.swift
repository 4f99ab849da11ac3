import ImageStore
import LayerStorage
import LinuxSystem
import Model

/// A container's own copy of all of its image's files (the storage driver `vfs`).
///
/// It is made while the container is a draft, so a container has a whole copy or does not exist.
struct WholeCopy {
  private let context: EngineContext
  private let config: ContainerConfig

  /// The directory of the files, and a file that was written when they all were there.
  static let files = "files"
  private static let mark = "files.made"

  init(_ context: EngineContext, _ config: ContainerConfig) {
    self.context = context
    self.config = config
  }

  private var directory: String { ContainerStore(context).directory(config.id) }

  /// Where the files are.
  func path() throws(ErrorReport) -> String {
    let path = "\(directory)/\(Self.files)"
    guard FileTree.exists(path) else {
      throw ErrorReport(
        .unavailable, "the files of container \(config.name) are missing",
        hint: "remove the container and make it again")
    }
    return path
  }

  /// Makes the copy in the draft of the container.
  func make(in draft: String, events: (TransferEvent) -> Void) throws {
    guard let image = config.image else { return }
    let store = context.imageStore
    let stored = try Digest(algorithm: .sha256, hex: image.id).flatMap { try store.find(id: $0) }
    // A power cut between the copy and the container's record leaves a draft, which is swept.
    _ = try HelperClient(context).run(
      .copyImage(
        CopyImageRequest(
          layers: try layers(), target: "\(draft)/\(Self.files)",
          ids: try ContainerFiles.ids(config, context), isDurable: !config.lifecycle.autoRemove,
          label: String(image.id.prefix(12)), size: stored?.size ?? 0)), events: events)
    try FileTree.write("\(draft)/\(Self.mark)", "")
  }

  /// The copy and what it was made of, to be compared.
  func tree() throws -> LayeredTree {
    var tree = LayeredTree(
      upper: try path(), layers: try layers(), ids: try ContainerFiles.ids(config, context),
      mountPoints: config.mounts.map(\.destination))
    // Without the mark everything is looked at.
    tree.copied = try FileStatus.find("\(directory)/\(Self.mark)")?.changed ?? 0
    return tree
  }

  /// The layers' directories, lowest first.
  ///
  /// What every container gets mounted over has a place below the image's, as in an overlay.
  private func layers() throws -> [String] {
    let store = context.imageStore.layers
    let chains = (config.image?.layers ?? []).compactMap { Digest(algorithm: .sha256, hex: $0) }
    for chain in chains where !store.contains(chain) { throw StorageError.layerMissing(chain.hex) }
    return ["\(store.root)/\(try PlaceholderLayer(store.root).ensure())"] + chains.map(store.diff)
  }
}

extension ContainerConfig {
  /// Whether the container has a copy of its image instead of a layer of its own above it.
  public var isWholeCopy: Bool { image != nil && storage == StorageDriver.vfs.rawValue }
}
