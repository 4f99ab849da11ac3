import LinuxSystem
import Model
import StateStore

/// What `ps` shows.
public struct ListContainers {
  private let store: ContainerStore

  public init(_ context: EngineContext) { store = ContainerStore(context) }

  /// Every container, newest first.
  public func run() throws -> [ContainerSummary] {
    let statuses = StatusReader(store)
    var all: [ContainerSummary] = []
    for id in try store.ids() {
      // One that goes away while we look is simply not there.
      guard let record = try RecordStore(store.directory(id)).find("summary") else { continue }
      all.append(ContainerSummary(record, try statuses.condition(id)))
    }
    return all.sorted { $0.created > $1.created }
  }
}
