import LinuxSystem
import Model
import Testing

@testable import StateStore

@Suite struct RecordStoreTests {
  private let scratch: Scratch
  private let store: RecordStore

  init() throws {
    scratch = try Scratch()
    store = RecordStore("\(scratch.path)/records")
  }

  @Test(arguments: [RecordStore.Durability.process, .power])
  func keepsWhatWasWritten(durability: RecordStore.Durability) throws {
    var record = LineRecord()
    record["key"] = "value\nof two lines"
    try store.write("one", record, durability: durability)
    #expect(try store.find("one") == record)
    record["key"] = "other"
    try store.write("one", record, durability: durability)
    #expect(try store.find("one") == record)
    #expect(try store.names() == ["one"])
    #expect(try store.remove("one"))
    #expect(try store.remove("one") == false)
    #expect(try store.find("one") == nil)
  }

  @Test func namesATornRecord() throws {
    try store.write("torn", bytes: Array("key val".utf8))
    #expect(throws: StateError.damagedRecord(path: store.path("torn"))) {
      try store.find("torn")
    }
  }

  @Test func namesTheWholePathOfWhatItCannotRead() throws {
    try store.write("fine", bytes: [])
    try FileTree.makeDirectory(store.path("odd"))
    for read in [{ _ = try store.find("odd") }, { _ = try store.list { $0 } }] {
      let error = try #require(throws: StateError.self) { try read() }
      #expect(error.report.message.contains(store.path("odd")))
    }
  }

  @Test func sweepsOnlyTheTemporaryFilesOfTheDead() throws {
    try store.write("kept", bytes: [])
    try FileTree.write(store.path(".tmp-dead"), "half")
    let alive = try FileLock(store.path(".tmp-alive"))
    try store.removeLeftovers()
    #expect(try FileTree.list(store.directory).sorted() == [".tmp-alive", "kept"])
    #expect(try store.names() == ["kept"])
    _ = alive.descriptor
  }

  /// Few and many take different ways.
  @Test(arguments: [3, RecordStore.many, 300])
  func writesSeveralInTheirOrder(count: Int) throws {
    try store.write("0", bytes: [0])
    var records = (0..<count).map { (name: "\($0)", bytes: [UInt8](repeating: 1, count: $0)) }
    records.append(("1", [7]))
    try store.write(contents: records)
    #expect(try FileTree.list(store.directory).count == count)
    #expect(try store.findBytes("0") == [])
    #expect(try store.findBytes("1") == [7])
    #expect(try store.findBytes("\(count - 1)")?.count == count - 1)
  }

  @Test func leavesNoDraftsWhereOneOfManyCannotBeWritten() throws {
    try FileTree.ensureDirectory(store.path("20"))
    #expect(throws: StateError.self) {
      try store.write(contents: (0..<RecordStore.many * 2).map { ("\($0)", [1]) })
    }
    #expect(try store.names() == (0...20).map { "\($0)" }.sorted())
    #expect(try FileTree.list(store.directory).count == 21)
  }

  @Test func leavesTheOldRecordWhenTheNewOneCannotBeWritten() throws {
    try store.write("name", bytes: [1])
    try FileTree.makeDirectory(store.path("directory"))
    #expect(throws: StateError.self) { try store.write("directory", bytes: [2]) }
    #expect(try store.names() == ["directory", "name"])
    #expect(try FileTree.list(store.directory).count == 2)
  }
}
