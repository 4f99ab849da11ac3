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
    var users = ImageUserTable(context)
    var removed: [Digest] = []
    try ImageRemovals.batch(context.imageStore) { removals in
      for image in try ListImages(context).run()
      where !image.isReadOnly && image.containers.isEmpty && (all || image.isDangling)
        && matches(image)
      {
        do {
          // Asked again now: a container may have come since the list was made.
          let users = try users.current().names
          guard users[image.id] == nil,
            try removals.remove("\(image.id)", users: users, force: true).deleted != nil
          else { continue }
        } catch ImageStoreError.notFound {
          continue  // Another command was faster.
        }
        removed.append(image.id)
        context.note(image: "remove", id: image.id.hex, name: image.id.hex)
      }
    }
    return (removed, try CollectLayers(context).run(dropsBorrowed: all))
  }
}
