import LayerStorage
import LinuxSystem
import RegistryConfig
import StateStore
import Testing

@testable import Engine

/// Which storage driver a new container gets.
struct StorageChoiceTests {
  private func withContext(_ body: (inout EngineContext) throws -> Void) throws {
    let root = "/tmp/martlet-choice-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    var context = try EngineContext(below: root)
    try body(&context)
  }

  private let noFiles = ConfigFiles(user: nil, system: "/nonexistent", vendor: "/nonexistent")

  @Test(arguments: [
    (StorageDriver.overlay, StorageDriver?.none, 1), (.fuseOverlay, nil, 1), (.vfs, .vfs, 2),
  ])
  func onlyCopiesAreWrittenDownAndLookedForAgain(
    works: StorageDriver, chosen: StorageDriver?, probes: Int
  ) throws {
    try withContext { context in
      var count = 0
      for _ in 0..<2 {
        let choice = StorageChoice(context, variable: nil, files: noFiles) {
          count += 1
          return works
        }
        let found = try choice.forNewContainer()
        #expect(found == chosen)
      }
      #expect(count == probes)
      StorageChoice(context).forget()
      _ = try StorageChoice(context, variable: nil, files: noFiles) {
        count += 1
        return works
      }.forNewContainer()
      #expect(count == probes + 1)
    }
  }

  @Test(arguments: [
    (StorageDriver?.none, String?.none, StorageDriver?.none), (nil, "", nil), (nil, "vfs", .vfs),
    (nil, "overlay", nil), (nil, "fuse-overlayfs", .fuseOverlay), (.overlay, "vfs", .overlay),
  ])
  func theCommandLineGoesBeforeTheEnvironment(
    option: StorageDriver?, variable: String?, chosen: StorageDriver?
  ) throws {
    try withContext { context in
      context.storageDriver = option
      let choice = StorageChoice(context, variable: variable, files: noFiles)
      let found = try choice.asked()
      #expect(found == chosen)
    }
  }
}
