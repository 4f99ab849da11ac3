import LinuxSystem
import Model
import OCISpec
import StateStore
import Testing

@testable import Engine

/// A prune beside commands that start containers.
struct RemovalOfIdleTests {
  @Test func whatSomebodyIsAboutToStartStays() throws {
    try EngineContext.withScratch { context in
      let id = try context.addContainer("one")
      let store = ContainerStore(context)
      let lock = try FileLock(store.monitorLock(id))
      #expect {
        try RemoveContainer(context).run(id, force: false, volumes: false, onlyIdle: true)
      } throws: {
        if case EngineError.running(id, _) = $0 { true } else { false }
      }
      let pruned = try PruneContainers(context).run(ContainerFilter([]))
      #expect(pruned.removed.isEmpty && pruned.failures.isEmpty)
      #expect(store.exists(id))
      _ = consume lock
      #expect(try PruneContainers(context).run(ContainerFilter([])).removed == [id])
      #expect(!store.exists(id))
    }
  }

  /// The directory goes to the trash with the lock's file: whoever waited for that has a lock on nothing.
  @Test func aStartThatComesTooLateFindsNone() throws {
    try EngineContext.withScratch { context in
      let id = try context.addContainer("one")
      let store = ContainerStore(context)
      try RemoveContainer(context).run(id, force: false, volumes: false, onlyIdle: true)
      #expect {
        _ = try store.takeMonitorLock(id)
      } throws: {
        if case EngineError.noSuchContainer = $0 { true } else { false }
      }
    }
  }
}
