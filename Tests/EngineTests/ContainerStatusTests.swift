import LinuxSystem
import Model
import StateStore
import Testing

@testable import Engine

/// What is read from the lock, the live record and the exit record, in every order that a monitor
/// leaves them.
struct ContainerStatusTests {
  private static let id = String(repeating: "c", count: 64)

  /// `started`: a start has written into the lock.
  @Test(
    arguments: [
      (held: true, started: true, live: "running", exit: nil, word: "running"),
      (held: true, started: true, live: "exited", exit: nil, word: "exited"),
      // It still tidies up.
      (held: true, started: true, live: "exited", exit: "3", word: "exited"),
      (held: true, started: true, live: nil, exit: nil, word: "initialized"),
      // It has removed its live record and is about to leave.
      (held: true, started: true, live: nil, exit: "3", word: "exited"),
      (held: false, started: true, live: nil, exit: "3", word: "exited"),
      (held: false, started: true, live: "running", exit: "3", word: "exited"),
      (held: false, started: true, live: nil, exit: nil, word: "exited"),
      (held: false, started: false, live: nil, exit: nil, word: "created"),
      // A power cut took what was in the lock.
      (held: false, started: false, live: nil, exit: "3", word: "exited"),
    ] as [(held: Bool, started: Bool, live: String?, exit: String?, word: String)])
  func tellsWhatIsLeft(
    held: Bool, started: Bool, live: String?, exit: String?, word: String
  ) throws {
    let root = "/tmp/martlet-status-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    let store = ContainerStore(context)
    let disk = RecordStore(store.directory(Self.id))
    if let live {
      try RecordStore(store.liveDirectory(Self.id)).write(
        "state", LineRecord(parsing: "status \(live)\n") ?? LineRecord())
    }
    if let exit {
      try disk.write(
        "exit",
        LineRecord(
          parsing:
            "code \(exit)\nfinished 7\nstarted 5\noom true\nrestarts 2\nstopped-by-user true\n")
          ?? LineRecord())
    }
    try FileTree.ensureDirectory(disk.directory)
    try FileTree.write(disk.path("monitor.lock"), started ? "started 5\n" : "")
    let lock = held ? try FileLock.attempt(disk.path("monitor.lock")) : nil
    let one = try StatusReader(store).condition(Self.id)
    #expect(one.status.word == word)
    if exit != nil {
      #expect(one.status == .exited(code: 3, finished: 7, started: 5, outOfMemory: true))
    }
    // Whoever looks at many containers is told the same.
    let places = try #require(try ContainerPlaces.open(context))
    let among = try StatusReader(store, places).condition(Self.id)
    #expect(among.status == one.status)
    #expect(among.restarts == one.restarts)
    #expect(among.stoppedByUser == one.stoppedByUser)
    withExtendedLifetime(lock != nil) {}
  }

  /// Its maker lets go of the lock last.
  @Test func oneThatIsStillLockedByItsMakerIsListedAsCreated() throws {
    let root = "/tmp/martlet-status-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    let store = ContainerStore(context)
    try FileTree.ensureDirectory(store.directory(Self.id))
    let lock = try FileLock.attempt(store.monitorLock(Self.id))
    let places = try #require(try ContainerPlaces.open(context))
    #expect(try StatusReader(store, places).read(Self.id) == .created)
    withExtendedLifetime(lock != nil) {}
  }

  /// A container may start and end while many are looked at; its end is then read under its lock.
  @Test func aRecordYoungerThanTheLookIsNotTakenForTheState() throws {
    let root = "/tmp/martlet-status-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    let store = ContainerStore(context)
    try FileTree.ensureDirectory(store.directory(Self.id))
    let places = try #require(try ContainerPlaces.open(context))
    var exit = LineRecord()
    exit["code"] = "1"
    exit["finished"] = "\(Clock.realtime() + 1)"
    try RecordStore(store.directory(Self.id)).write("exit", exit)
    try FileTree.write(store.monitorLock(Self.id), "started 5\n")
    let lock = try FileLock.attempt(store.monitorLock(Self.id))
    var live = LineRecord()
    live["status"] = "restarting"
    try RecordStore(store.liveDirectory(Self.id)).write("state", live)
    #expect(try StatusReader(store, places).read(Self.id) == .restarting)
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
