import LinuxSystem
import Model

/// Removes containers that do not run.
public struct PruneContainers {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Goes on after a failure.
  ///
  /// - Returns: the ids of removed containers, and what failed.
  public func run(_ filter: ContainerFilter) throws -> (removed: [String], failures: [any Error]) {
    let batch = TrashBatch(context)
    let all = try ListContainers(context).run()
    var removed: [String] = []
    var failures: [any Error] = []
    for row in all where row.status.isIdle && filter.matches(row, all: all) {
      do {
        try RemoveContainer(context, collecting: batch).run(
          row.id, force: false, volumes: false, onlyIdle: true)
        removed.append(row.id)
      } catch EngineError.noSuchContainer {
        // Somebody else was faster.
        continue
      } catch EngineError.running {
        // Started since we looked, or about to be.
        continue
      } catch {
        failures.append(error)
      }
    }
    do { try batch.empty() } catch { failures.append(error) }
    return (removed, failures)
  }
}
