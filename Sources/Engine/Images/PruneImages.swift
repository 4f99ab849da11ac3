import ImageStore
public import Model

/// Removes images that nothing uses.
public struct PruneImages {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Removes them and what only they needed.
  ///
  /// - Parameters:
  ///   - all: images with names as well, as long as no container uses them.
  ///   - matches: the caller's filter.
  /// - Returns: the ids of removed images and the bytes freed.
  /// - Throws: the first failure; what was removed before it stays removed.
  public func run(all: Bool, where matches: (ImageSummary) -> Bool) throws -> (
    removed: [Digest], freed: Int64
  ) {
    let store = ImageStore(data: context.dataRoot)
    var removed: [Digest] = []
    for image in try ListImages(context).run()
    where image.containers.isEmpty && (all || image.isDangling) && matches(image) {
      do throws(ImageStoreError) {
        let users = [image.id: image.containers]
        if let id = try store.remove("\(image.id)", users: users, force: true).deleted {
          removed.append(id)
        }
      } catch .notFound {
        // Another command was faster.
      }
    }
    return (removed, try CollectLayers(context).run())
  }
}
