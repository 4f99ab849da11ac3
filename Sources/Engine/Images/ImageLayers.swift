import ImageStore
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
    if store.additional.isEmpty || image.layers.allSatisfy(store.layers.contains) { return }
    // Then what is missing is missing, and told of by whoever needs it.
    guard store.additional.contains(where: { (try? $0.findOwn(id: image.id)) != nil }) else {
      return
    }
    _ = try HelperClient(context).run(
      .unpack(UnpackRequest(image: "\(image.id)")), events: events)
  }
}
