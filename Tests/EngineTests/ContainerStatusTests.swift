import LinuxSystem
import Model
import StateStore
import Testing

@testable import Engine

/// What is read from the lock, the live record and the exit record, in every order that a monitor
/// leaves them.
struct ContainerStatusTests {
  private static let id = String(repeating: "c", count: 64)

  @Test(
    arguments: [
      (held: true, live: "running", exit: nil, word: "running"),
      (held: true, live: "exited", exit: nil, word: "exited"),
      (held: true, live: nil, exit: nil, word: "initialized"),
      // It has removed its live record and is about to leave.
      (held: true, live: nil, exit: "3", word: "exited"),
      (held: false, live: nil, exit: "3", word: "exited"),
      (held: false, live: "running", exit: "3", word: "exited"),
      (held: false, live: nil, exit: nil, word: "created"),
    ] as [(held: Bool, live: String?, exit: String?, word: String)])
  func tellsWhatIsLeft(held: Bool, live: String?, exit: String?, word: String) throws {
    let root = "/tmp/martlet-status-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    let store = ContainerStore(context)
    let disk = RecordStore(store.directory(Self.id))
    if let live {
      try RecordStore(store.liveDirectory(Self.id)).write(
        "state", LineRecord(parsing: "status \(live)\n") ?? LineRecord())
    }
    if let exit { try disk.write("exit", LineRecord(parsing: "code \(exit)\n") ?? LineRecord()) }
    try FileTree.ensureDirectory(disk.directory)
    let lock = held ? try FileLock.attempt(disk.path("monitor.lock")) : nil
    #expect(try StatusReader(store).read(Self.id).word == word)
    withExtendedLifetime(lock != nil) {}
  }

  /// Its monitor was killed, and whoever inherited its process has not asked how it ended.
  @Test func takesAProcessNobodyWaitedForAsEnded() throws {
    let root = "/tmp/martlet-status-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    let store = ContainerStore(context)
    let child = try Program("/bin/sleep", ["60"]).start()
    let process = try ProcessHandle.find(child.pid)
    let start = try #require(ProcessHandle.startTime(child.pid))
    try child.kill(SignalSet.kill)
    #expect(try process?.waitForEnd(milliseconds: 10_000) == true)
    var live = LineRecord()
    live["status"] = "running"
    live["pid"] = "\(child.pid)"
    live["start-time"] = "\(start)"
    try RecordStore(store.liveDirectory(Self.id)).write("state", live)
    try FileTree.ensureDirectory(store.directory(Self.id))
    try FileTree.write(store.monitorLock(Self.id), "started 5\n")
    #expect(try StatusReader(store).read(Self.id).word == "exited")
    _ = try child.wait()
  }
}
