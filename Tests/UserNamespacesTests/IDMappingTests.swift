import Testing

@testable import UserNamespaces

@Suite struct IDMappingTests {
  static let rootless = IDMapping.rootless(
    uid: 1000, gid: 1000, users: [SubordinateRange(start: 100_000, count: 65_536)],
    groups: [SubordinateRange(start: 100_000, count: 65_536)])

  @Test func rootIsTheCallerAndTheRestIsSubordinate() {
    #expect(Self.rootless.users.map(\.line) == ["0 1000 1", "1 100000 65536"])
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
