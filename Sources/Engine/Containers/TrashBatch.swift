import StateStore

/// Files of many containers that go together at the end: to enter the user namespace, which their
/// owners may take, costs more than all the rest of a removal.
///
/// Whoever is killed before leaves them in the trash, for the next sweep.
public final class TrashBatch {
  private let context: EngineContext
  private var paths: [String] = []
  /// How often `empty` had something to remove, for tests.
  private(set) var rounds = 0

  public init(_ context: EngineContext) { self.context = context }

  func add(_ paths: [String]) { self.paths += paths }

  /// Removes all that was added.
  public func empty() throws {
    guard !paths.isEmpty else { return }
    let all = paths
    paths = []
    rounds += 1
    try Trash(context).remove(all)
  }
}
