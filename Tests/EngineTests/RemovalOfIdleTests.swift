import LinuxSystem
import Model
import OCISpec
import StateStore
import Testing

@testable import Engine

/// A prune beside commands that start containers.
struct RemovalOfIdleTests {
  private static func withContainer(_ body: (EngineContext, String) throws -> Void) throws {
    let root = "/tmp/martlet-idle-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    var config = ContainerConfig()
    config.id = try RandomName.hexadecimal(CurrentProcess.randomBytes(32))
    config.name = "one"
    try ContainerStore(context).add(config)
    try body(context, config.id)
  }

  @Test func whatSomebodyIsAboutToStartStays() throws {
    try Self.withContainer { context, id in
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
    try Self.withContainer { context, id in
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
