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
    let store = context.imageStore
    var removed: [Digest] = []
    for image in try ListImages(context).run()
    where !image.isReadOnly && image.containers.isEmpty && (all || image.isDangling)
      && matches(image)
    {
      guard try remove(image.id, store) else { continue }
      removed.append(image.id)
      context.note(image: "remove", id: image.id.hex, name: image.id.hex)
    }
    return (removed, try CollectLayers(context).run(dropsBorrowed: all))
  }

  /// False when another command was faster.
  private func remove(_ id: Digest, _ store: ImageStore) throws -> Bool {
    guard try store.findOwn(id: id) != nil else { return false }
    // Asked again now: a container may have come since the list was made.
    let users = try ImageUsers(context).names()
    guard users[id] == nil else { return false }
    return try store.remove("\(id)", users: users, force: true).deleted != nil
  }
}
