import LinuxSystem
import Model
import Testing

@testable import ImageStore

/// What commands about many images cost, in calls of read(2) by this thread (proc_pid_io(5)).
struct ManyImagesTests {
  private static let count = 60

  private let sample: SampleStore
  private let ids: [Digest]
  private let names: [String]

  init() throws {
    let sample = try SampleStore()
    self.sample = sample
    names = (0..<Self.count).map { "registry.example/many/image-\($0):1" }
    // The first digits differ, so that short ids are unambiguous.
    ids = try names.enumerated().map { index, name in
      try sample.put("\(String(index + 0x100, radix: 16))ab", name)
    }
  }

  private static func reads() throws -> Int {
    let text = try FileTree.readText("/proc/thread-self/io")
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("syscr:") })
    return try #require(Int(line.dropFirst(7)))
  }

  private func cost(of body: () throws -> Void) throws -> Int {
    let before = try Self.reads()
    try body()
    return try Self.reads() - before
  }

  enum Word: CaseIterable { case id, shortID, name, shortName }

  private func word(_ index: Int, _ kind: Word) -> String {
    switch kind {
    case .id: "\(ids[index])"
    case .shortID: ids[index].shortID
    case .name: names[index]
    case .shortName: "image-\(index):1"
    }
  }

  /// One read for each name and one for each record.
  @Test(arguments: Word.allCases) func removalReadsEachFileOnce(kind: Word) throws {
    var removals = ImageRemovals(sample.store)
    var removed: [Digest?] = []
    let reads = try cost {
      for index in ids.indices { removed.append(try removals.remove(word(index, kind)).deleted) }
      try removals.finish()
    }
    #expect(removed == ids)
    #expect(reads <= 2 * Self.count + 10)
    #expect(try sample.store.list() == [])
    #expect(try sample.store.listNames() == [])
  }

  @Test func aShortIDIsFoundWithoutReadingNames() throws {
    let wanted: [(String, Digest?)] = [
      (ids[7].shortID, ids[7]), ("image-9:1", ids[9]), ("nobody/here:1", nil),
    ]
    for (text, id) in wanted {
      var found: Digest?
      let reads = try cost { found = try sample.store.find(text)?.id }
      #expect(found == id)
      #expect(reads <= 10, "\(text)")
    }
  }

  /// Another command changes names while this one removes many.
  @Test func aRemovalSeesNamesThatCameMeanwhile() throws {
    var removals = ImageRemovals(sample.store)
    #expect(try removals.remove(names[0]).deleted == ids[0])
    let image = try #require(try sample.store.find(id: ids[1]))
    try sample.store.tag(image, try ImageReference("localhost/new:1"))
    let removal = try removals.remove(names[1])
    #expect(removal.deleted == nil)
    #expect(removal.untagged.map(\.full) == [names[1]])
    #expect(try sample.store.find("new:1")?.id == ids[1])
    #expect(try removals.remove("new:1").deleted == ids[1])
    #expect(throws: ImageStoreError.notFound(names[1])) { try removals.remove(names[1]) }
    try removals.finish()
  }
}
