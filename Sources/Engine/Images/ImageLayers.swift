import ImageStore
import LayerStorage
import Model

/// Makes sure that the layers of an image can be used.
///
/// Layers in an additional store have the owners that its maker's ids gave them. For anybody else
/// they are unpacked once more, from the blobs beside them.
struct ImageLayers {
  private let context: EngineContext

  init(_ context: EngineContext) { self.context = context }

  func ensure(_ image: StoredImage, events: (TransferEvent) -> Void = { _ in }) throws {
    let store = context.imageStore
    if image.layers.allSatisfy(store.layers.contains) { return }
    guard store.additional.contains(where: { (try? $0.findOwn(id: image.id)) != nil }) else {
      // What a damaged store lacks is told of by whoever needs it.
      if try store.findOwn(id: image.id) != nil { return }
      throw ErrorReport(
        .conflict, "image \(image.id.shortID) was removed by another command", hint: "try again")
    }
    _ = try HelperClient(context).run(
      .unpack(UnpackRequest(image: "\(image.id)")), events: events)
  }

  /// Keeps images that are mounted from being collected until a container's record names them.
  func lease(mounts: [ContainerMount]) throws -> Lease? {
    let chains = mounts.flatMap(\.layers).compactMap { Digest(algorithm: .sha256, hex: $0) }
    if chains.isEmpty { return nil }
    let store = context.imageStore
    let lease = try Lease(store, layers: chains)
    for chain in chains where !store.layers.contains(chain) {
      throw StorageError.layerMissing(chain.hex)
    }
    return lease
  }
}
