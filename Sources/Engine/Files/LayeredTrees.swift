import ImageStore
import LinuxSystem
import Model
import OCISpec

/// Where the files of containers and images lie on disk.
struct LayeredTrees {
  let context: EngineContext

  /// A container's own files above its image's.
  func container(_ config: ContainerConfig) throws -> LayeredTree {
    guard config.rootfs == nil, let image = config.image else {
      throw ErrorReport(
        .invalidRequest,
        "container \(config.name) has a root directory of its own: there is no image to compare with"
      )
    }
    let layers = context.imageStore.layers
    if config.isWholeCopy { return try WholeCopy(context, config).tree() }
    try MappedLayer(context).renew(config)
    let directory = ContainerStore(context).directory(config.id)
    return LayeredTree(
      upper: "\(directory)/upper",
      layers: image.mapped.map { ["\(layers.root)/\($0)"] }
        ?? image.layers.compactMap { Digest(algorithm: .sha256, hex: $0) }.map(layers.diff),
      ids: try ContainerFiles.ids(config, context), mountPoints: config.mounts.map(\.destination))
  }

  /// An image's last layer above the others.
  func image(_ image: StoredImage) throws -> LayeredTree? {
    let layers = context.imageStore.layers
    guard let top = image.layers.last else { return nil }
    try ImageLayers(context).ensure(image)
    return LayeredTree(upper: layers.diff(top), layers: image.layers.dropLast().map(layers.diff))
  }
}
