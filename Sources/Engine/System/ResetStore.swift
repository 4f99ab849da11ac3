import LinuxSystem
import Model
import StateStore

/// `system reset`: everything of this user goes, as if Martlet had never run.
public struct ResetStore {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Containers are killed and removed, then images, volumes and all state.
  public func run() throws {
    var errors = ErrorCollector()
    let store = ContainerStore(context)
    // Never emptied by itself: the trash goes with the rest.
    let batch = TrashBatch(context)
    for id in try store.ids() {
      errors.collect {
        do {
          try RemoveContainer(context, collecting: batch).run(
            id, force: true, volumes: true)
        } catch EngineError.noSuchContainer {
          return
        }
      }
    }
    // A container that could not be stopped still uses what follows.
    try errors.check()
    // Records go first: from then on there is nothing that names what is deleted after them. The
    // containers' files are in the trash, which is one of the parts.
    try Trash(context).remove(Self.parts.map { "\(context.dataRoot)/\($0)" })
    try FileTree.removeTree(context.runtimeState)
    try FileTree.removeTree(context.live)
  }

  private static let parts = [
    "images/names", "images/records", "images", "layers", "containers", "names", "volumes", "trash",
    "mounts", "locks", "events",
  ]
}
