import ImageStore
import LinuxSystem
public import Model
import StateStore

/// `system prune`: removes what nothing uses.
public struct PruneStore {
  /// What went; bytes as du(1) would have counted them.
  public struct Outcome: Sendable {
    public var containers: [String] = []
    public var volumes: [String] = []
    public var images: [Digest] = []
    public var freed: Int64 = 0
    /// What could not be removed, and why; the rest was.
    public var failures: [ErrorReport] = []

    public init() {}
  }

  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Containers that do not run and match.
  public func containers(
    where matches: (ContainerSummary) -> Bool, _ outcome: inout Outcome
  ) throws {
    let stopped = try ListContainers(context).run().filter {
      $0.status.isIdle && matches($0)
    }
    let sizes = try MeasureTrees(context: context).run(
      stopped.map { "\(context.containers)/\($0.id)" })
    let batch = TrashBatch(context)
    for (container, size) in zip(stopped, sizes) {
      do {
        try RemoveContainer(context, collecting: batch).run(
          container.id, force: false, volumes: false, onlyIdle: true)
        outcome.containers.append(container.id)
        outcome.freed += size ?? 0
      } catch EngineError.noSuchContainer {
        continue
      } catch EngineError.running {
        // Started since we looked.
        continue
      } catch {
        outcome.failures.append(reportOf(error))
      }
    }
    try batch.empty()
  }

  /// Named and anonymous volumes that no container mounts.
  public func volumes(_ outcome: inout Outcome) throws {
    let names = ((try? FileTree.list(context.volumes)) ?? []).sorted()
    let sizes = try MeasureTrees(context: context).run(names.map { "\(context.volumes)/\($0)" })
    let users = VolumeUsers(context)
    let batch = TrashBatch(context)
    for (name, size) in zip(names, sizes) {
      let lock = try ObjectLock.acquire(VolumeTrash.lock(of: name, context))
      // Asked under the lock: whoever starts with the volume fills it under the same one.
      if try !users.of(name).isEmpty { continue }
      let trash = try VolumeTrash(context).place(for: name)
      try FileTree.ensureDirectory(context.trash)
      do throws(SystemError) {
        try FileTree.rename("\(context.volumes)/\(name)", to: trash)
      } catch {
        if error.errno != Errno.noEntry { outcome.failures.append(reportOf(error)) }
        continue
      }
      if try !users.of(name).isEmpty {
        // A container was created with it this moment: it has it back.
        try FileTree.renameNew(trash, to: "\(context.volumes)/\(name)")
        continue
      }
      _ = consume lock
      batch.add([trash])
      outcome.volumes.append(name)
      outcome.freed += size ?? 0
    }
    try batch.empty()
  }

  /// Images without a container; those with names only when `all`.
  public func images(
    all: Bool, where matches: (ImageSummary) -> Bool, _ outcome: inout Outcome
  ) throws {
    let result = try PruneImages(context).run(all: all, where: matches)
    outcome.images += result.removed
    outcome.freed += result.freed
  }

  /// What killed commands left.
  public func leftovers(_ outcome: inout Outcome) throws {
    try RemoveContainer(context).sweep()
    outcome.freed += try CollectLayers(context).run()
  }
}
