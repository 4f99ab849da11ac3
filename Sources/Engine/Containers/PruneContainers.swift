import LinuxSystem
import Model

/// Removes containers that do not run.
public struct PruneContainers {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Goes on after a failure.
  ///
  /// - Returns: the ids of removed containers, the bytes of their own files, and what failed.
  public func run(_ filter: ContainerFilter) throws -> (
    removed: [String], freed: Int64, failures: [any Error]
  ) {
    let all = try ListContainers(context).run()
    var removed: [String] = []
    var freed: Int64 = 0
    var failures: [any Error] = []
    for row in all where isIdle(row.status) && filter.matches(row, all: all) {
      do {
        let size = ContainerSize(context).written(row.id)
        try RemoveContainer(context).run(row.id, force: false, volumes: false)
        removed.append(row.id)
        freed += size
      } catch EngineError.noSuchContainer {
        // Somebody else was faster.
        continue
      } catch {
        failures.append(error)
      }
    }
    return (removed, freed, failures)
  }

  private func isIdle(_ status: ContainerStatus) -> Bool {
    switch status {
    case .created, .exited: true
    default: false
    }
  }
}
