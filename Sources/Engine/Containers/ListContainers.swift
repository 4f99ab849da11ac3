import LinuxSystem
import Model
import StateStore

/// What `ps` shows.
public struct ListContainers {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// Every container, newest first.
  public func run() throws -> [ContainerSummary] {
    let ids = try store.ids()
    guard !ids.isEmpty, let places = try ContainerPlaces.open(context) else { return [] }
    let statuses = StatusReader(store, places)
    var all: [ContainerSummary] = []
    all.reserveCapacity(ids.count)
    for id in ids {
      // One that goes away while we look is simply not there.
      guard var summary = try places.summary(id) else { continue }
      summary.condition = try statuses.condition(id)
      all.append(summary)
    }
    all.sort { $0.created > $1.created }
    return all
  }
}
