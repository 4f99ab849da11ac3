import LinuxSystem
import Model
import OCISpec
import StateStore
import Testing

@testable import Engine

/// A stop that comes while the monitor is on its way: it holds the lock, and listens to nobody yet.
struct StopWhileSettingUpTests {
  private static let id = String(repeating: "e", count: 64)

  @Test func waitsForTheMonitorAndTellsIt() async throws {
    let root = "/tmp/martlet-stop-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    let store = ContainerStore(context)
    var config = ContainerConfig()
    config.id = Self.id
    try RecordStore(store.directory(Self.id)).write("config.json", bytes: config.encoded())
    try FileTree.ensureDirectory(store.liveDirectory(Self.id))
    var lock = try FileLock.attempt(store.monitorLock(Self.id))
    let isHeld = lock != nil
    #expect(isHeld)
    #expect(try StatusReader(store).read(Self.id) == .initialized)

    let stop = Task.detached { try StopContainer(context).stop(Self.id, timeout: 0) }
    // What waits finds the socket now or later; what does not has ended already.
    for _ in 0..<50 { await Task.yield() }
    let heard = try Self.firstFrame(store.liveDirectory(Self.id))
    lock = nil
    #expect(heard == .stop(milliseconds: 0))
    #expect(try await stop.value == false)
  }

  /// What the first that connects to the monitor's socket says; nil when nobody does in 10 s.
  private static func firstFrame(_ live: String) throws -> AttachFrame? {
    let directory = try OwnedDescriptor.open(live, [.path, .directory])
    let listener = try UnixSocket.listen(directory: directory.raw, name: "attach")
    var loop = try EventLoop()
    try loop.add(listener.raw, .readable)
    guard try !loop.wait(milliseconds: 10_000).isEmpty,
      let connection = try UnixSocket.accept(listener.raw)
    else { return nil }
    let monitor = MonitorSocket(socket: connection)
    return try monitor.first { $0 }
  }
}
