import LinuxSystem
import Model
import StateStore
import Testing

@testable import Engine

@Suite struct ContainerPlacesTests {
  /// One look at the lock's file tells who holds it, and what was written when it is free.
  @Test func aLockIsMissingFreeOrHeld() throws {
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    let directory = "/tmp/martlet-places-test-\(random)"
    try FileTree.ensureDirectory(directory)
    defer { try? FileTree.removeTree(directory) }
    let opened = try OwnedDescriptor.open(directory, [.directory, .path])
    #expect(try FileLock.look("lock", in: opened.raw) == .missing)
    #expect(try FileLock.look("lock/below", in: opened.raw) == .missing)
    let path = "\(directory)/lock"
    try FileTree.write(path, "started 5\n")
    #expect(try FileLock.look("lock", in: opened.raw) == .free(Array("started 5\n".utf8)))
    let lock = try FileLock.attempt(path)
    let isHeld = lock != nil
    #expect(isHeld)
    #expect(try FileLock.look(path) == .held)
    #expect(try FileLock.look("lock", in: opened.raw) == .held)
    _ = consume lock
    #expect(try FileLock.look(path) == .free(Array("started 5\n".utf8)))
  }

  @Test func aRecordIsFoundBelowItsStore() throws {
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    let directory = "/tmp/martlet-places-test-\(random)"
    try FileTree.ensureDirectory("\(directory)/one")
    defer { try? FileTree.removeTree(directory) }
    try FileTree.write("\(directory)/one/exit", "code 3\n")
    let opened = try OwnedDescriptor.open(directory, [.directory, .path])
    #expect(try RecordStore.find("exit", of: "one", in: opened.raw)?.integer("code") == 3)
    #expect(try RecordStore.find("none", of: "one", in: opened.raw) == nil)
    #expect(try RecordStore.find("exit", of: "two", in: opened.raw) == nil)
  }
}
