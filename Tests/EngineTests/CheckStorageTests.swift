import LinuxSystem
import Testing

@testable import Engine

@Suite struct CheckStorageTests {
  /// A container may be removed while a check looks at it, which is no damage.
  @Test func oneThatWasRemovedMeanwhileLacksNothing() throws {
    try EngineContext.withScratch { context in
      let store = ContainerStore(context)
      let config = try store.load(try context.addContainer("web"))
      let check = CheckStorage(context)
      #expect(check.containerProblems(config).isEmpty)
      try FileTree.removeDirectory("\(store.directory(config.id))/upper")
      #expect(
        check.containerProblems(config).map(\.message) == ["its directory upper is missing"])
      try store.unlist(config.id, name: "web")
      #expect(check.containerProblems(config).isEmpty)
    }
  }
}
