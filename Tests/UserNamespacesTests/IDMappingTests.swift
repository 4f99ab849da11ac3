import Testing

@testable import UserNamespaces

@Suite struct IDMappingTests {
  static let rootless = IDMapping.rootless(
    uid: 1000, gid: 1000, users: [SubordinateRange(start: 100_000, count: 65_536)],
    groups: [SubordinateRange(start: 100_000, count: 65_536)])

  @Test func rootIsTheCallerAndTheRestIsSubordinate() {
    #expect(Self.rootless.users.map(\.line) == ["0 1000 1", "1 100000 65536"])
  }

  typealias Overlap = (ranges: [(UInt32, UInt32)], lines: [String])
  static let overlaps: [Overlap] = [
    ([(100_000, 10), (100_005, 10)], ["0 1000 1", "1 100000 10", "11 100010 5"]),
    ([(100_005, 10), (100_000, 20)], ["0 1000 1", "1 100005 10", "11 100000 5", "16 100015 5"]),
    ([(100_000, 10), (100_002, 3)], ["0 1000 1", "1 100000 10"]),
    ([(990, 20)], ["0 1000 1", "1 990 10", "11 1001 9"]),
    ([(1_000, 2), (5_000, 1)], ["0 1000 1", "1 1001 1", "2 5000 1"]),
    ([(4_294_967_290, 5)], ["0 1000 1", "1 4294967290 5"]),
  ]

  @Test(arguments: overlaps)
  func overlappingRangesCountOnce(ranges: [(UInt32, UInt32)], lines: [String]) {
    let mapping = IDMapping.rootless(
      uid: 1000, gid: 1000, users: ranges.map { SubordinateRange(start: $0.0, count: $0.1) },
      groups: [])
    #expect(mapping.users.map(\.line) == lines)
  }

  @Test func readsTheMapOfItsOwnNamespace() throws {
    let own = try #require(IDMapping.own())
    #expect(IDMapping.outside(0, in: own.users) != nil)
    #expect(
      IDMapping.parse("         0       1000          1\n") == [
        IDRange(inside: 0, outside: 1000, count: 1)
      ])
  }

  @Test(arguments: [(0, 1), (999, 1000), (1000, 0), (1001, 1001), (65_536, 65_536)])
  func keepIDMovesOnlyTheCaller(inside: UInt32, outside: UInt32) {
    let nested = Self.rootless.keepingID(uid: 1000, gid: 1000)
    #expect(IDMapping.outside(inside, in: nested.users) == outside)
  }

  @Test func keepIDOfAnIDAboveTheRangeStillMapsIt() {
    let nested = Self.rootless.keepingID(uid: 200_000, gid: 5)
    #expect(IDMapping.outside(200_000, in: nested.users) == 0)
    #expect(IDMapping.outside(65_535, in: nested.users) == 65_536)
    #expect(IDMapping.outside(200_001, in: nested.users) == nil)
  }

  @Test(arguments: [
    ("ann:100000:65536\n", 1), ("1000:100000:65536\n", 1), ("bob:1:2\n", 0), ("ann:x:2\n", 0),
    ("ann:100000:0\n", 0), ("ann:4294967295:65536\n", 0), ("ann:5:5\nann:5:5\nann:20:5\n", 2),
  ])
  func readsSubuidLines(text: String, count: Int) {
    #expect(SubordinateRanges.parse(text, name: "ann", uid: 1000).count == count)
  }
}
