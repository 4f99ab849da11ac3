import LinuxSystem
import Model
import OCISpec
import StateStore
import Testing

@testable import Engine

/// What is done once however many containers and volumes there are.
struct ManyRemovalTests {
  private static func add(_ name: String, volume: String, _ context: EngineContext) throws -> String
  {
    var mount = ContainerMount(.volume, source: volume, destination: "/data")
    mount.anonymous = volume.count == 64
    return try context.addContainer(name) { $0.mounts = [mount] }
  }

  @Test func asksOneContainerOnceForAllVolumes() throws {
    try EngineContext.withScratch { context in
      let first = try Self.add("a", volume: "one", context)
      _ = try Self.add("b", volume: "two", context)
      let users = VolumeUsers(context)
      for _ in 0..<10 {
        #expect(try users.of("one") == [first])
        #expect(try users.of("nobody's").isEmpty)
      }
      #expect(users.reads == 2)
      // A new one is seen, one that has gone no longer.
      let late = try Self.add("c", volume: "one", context)
      #expect(try Set(users.of("one")) == [first, late])
      #expect(users.reads == 3)
      try RemoveContainer(context).run(first, force: false, volumes: false)
      #expect(try users.of("one") == [late])
      #expect(users.reads == 3)
    }
  }

  @Test func emptiesTheTrashOnceForAllContainers() throws {
    try EngineContext.withScratch { context in
      let anonymous = try RandomName.hexadecimal(CurrentProcess.randomBytes(32))
      try FileTree.ensureDirectory("\(context.volumes)/\(anonymous)")
      let ids = try (0..<5).map { number in
        try Self.add("n\(number)", volume: number == 0 ? anonymous : "kept", context)
      }
      let batch = TrashBatch(context)
      for id in ids {
        try RemoveContainer(context, collecting: batch).run(id, force: false, volumes: true)
        #expect(!ContainerStore(context).exists(id))
        #expect(FileTree.exists("\(context.trash)/\(id)"))
      }
      #expect(batch.rounds == 0)
      try batch.empty()
      #expect(batch.rounds == 1)
      #expect(try FileTree.list(context.trash).isEmpty)
      #expect(try FileTree.list(context.names).isEmpty)
      #expect(!FileTree.exists("\(context.volumes)/\(anonymous)"))
    }
  }

  @Test func aKilledRemovalOfManyIsFinishedByTheNext() throws {
    try EngineContext.withScratch { context in
      let id = try Self.add("killed", volume: "kept", context)
      try RemoveContainer(context, collecting: TrashBatch(context)).run(
        id, force: false, volumes: false)
      #expect(try FileTree.list(context.trash) == [id])
      try RemoveContainer(context).sweep()
      #expect(try FileTree.list(context.trash).isEmpty)
    }
  }
}
