import LinuxSystem
import Model
import OCISpec
import StateStore
import Testing

@testable import Engine

/// What the next removal does with a container that was in the trash when its removal was killed.
struct InterruptedRemovalTests {
  @Test(arguments: [
    (autoRemove: false, marked: true, stays: false), (false, false, true), (true, false, false),
  ])
  func takesAnonymousVolumesThatWereToGo(autoRemove: Bool, marked: Bool, stays: Bool) throws {
    let root = "/tmp/martlet-removal-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    var config = ContainerConfig()
    config.id = String(repeating: "d", count: 64)
    config.lifecycle.autoRemove = autoRemove
    var mount = ContainerMount(.volume, source: "anonymous", destination: "/data")
    mount.anonymous = true
    config.mounts = [mount]
    let volume = "\(context.volumes)/anonymous"
    try FileTree.ensureDirectory(volume)
    let trash = RecordStore("\(context.trash)/\(config.id)")
    try trash.write("config.json", bytes: config.encoded())
    if marked { try FileTree.write(trash.path("remove-volumes"), "") }
    try RemoveContainer(context).sweep()
    #expect(FileTree.exists(volume) == stays)
    #expect(try FileTree.list(context.trash) == [])
  }

  /// It may have to come back to a container that was made with it that moment.
  @Test func leavesAVolumeThatSomebodyMoves() throws {
    let root = "/tmp/martlet-removal-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    for name in ["my-data", "other"] {
      try FileTree.ensureDirectory("\(context.trash)/volume-\(name)-0123456789abcdef")
    }
    try FileTree.ensureDirectory("\(root)/data/locks")
    let lock = try ObjectLock.acquire("\(root)/data/locks/volume-my-data")
    try RemoveContainer(context).sweep()
    #expect(try FileTree.list(context.trash) == ["volume-my-data-0123456789abcdef"])
    try lock.remove("\(root)/data/locks/volume-my-data")
    try RemoveContainer(context).sweep()
    #expect(try FileTree.list(context.trash) == [])
  }
}
