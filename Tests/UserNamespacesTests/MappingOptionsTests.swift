import Model
import Testing

@testable import UserNamespaces

/// `--uidmap` and `--gidmap` as podman-run(1) describes them.
@Suite struct MappingOptionsTests {
  struct Fact: CustomTestStringConvertible, Sendable {
    var users: [String] = []
    var groups: [String] = []
    var seenUsers: [String]
    var seenGroups: [String]
    var testDescription: String { "\(users) \(groups)" }
  }

  static let facts = [
    Fact(users: ["0:1:1000"], seenUsers: ["0:1:1000"], seenGroups: ["0:1:1000"]),
    Fact(users: ["5:0"], groups: ["7:0:1"], seenUsers: ["5:0:1"], seenGroups: ["7:0:1"]),
    Fact(
      groups: ["0:0:1000", "g2000:2000:1"], seenUsers: ["0:0:1", "1:1:999"],
      seenGroups: ["0:0:1", "1:1:999", "2000:2000:1"]),
    Fact(users: ["100000:@100001:2"], seenUsers: ["100000:2:2"], seenGroups: ["100000:2:2"]),
    Fact(users: ["8:@1000:1"], seenUsers: ["8:0:1"], seenGroups: ["8:0:1"]),
    Fact(
      groups: ["0:0:65000", "+100000:1:1"],
      seenUsers: ["0:0:1", "2:2:64998", "100000:1:1"],
      seenGroups: ["0:0:1", "2:2:64998", "100000:1:1"]),
    Fact(
      groups: ["+100000:1:1"], seenUsers: ["0:0:1", "1:2:65535", "100000:1:1"],
      seenGroups: ["0:0:1", "1:2:65535", "100000:1:1"]),
    Fact(
      groups: ["+g100000:@100000"], seenUsers: ["0:0:1", "1:1:65536"],
      seenGroups: ["0:0:1", "1:2:65535", "100000:1:1"]),
    Fact(
      users: ["+2:1:2"], seenUsers: ["0:0:1", "1:3:1", "2:1:2", "4:4:65533"],
      seenGroups: ["0:0:1", "1:3:1", "2:1:2", "4:4:65533"]),
  ]

  @Test(arguments: facts) func mapsAsPodmanDoes(fact: Fact) throws {
    let options = try #require(try MappingOptions(users: fact.users, groups: fact.groups))
    let map = try options.resolve(in: IDMappingTests.rootless)
    #expect(map.users.map(\.text) == fact.seenUsers)
    #expect(map.groups.map(\.text) == fact.seenGroups)
  }

  @Test(arguments: [
    (["0"], "invalid id mapping"), (["0:1:0"], "invalid id mapping"), (["x0:1:1"], "invalid"),
    (["0:1:2:3"], "invalid"), (["4294967295:1:2"], "invalid"), (["0:-1:2"], "invalid"),
    (["0:1:10", "5:20:1"], "overlaps"), (["0:1:10", "50:5:1"], "overlaps"),
    (["0:65530:100"], "not all yours"), (["0:@5000:1"], "not all subordinate"),
  ]) func tellsWhatIsWrong(texts: [String], message: String) {
    #expect {
      _ = try MappingOptions(users: texts, groups: [])?.resolve(in: IDMappingTests.rootless)
    } throws: { error in
      (error as? ErrorReport)?.message.contains(message) == true
    }
  }

  @Test func nothingIsNoMapping() throws {
    let none = try MappingOptions(users: [], groups: [])
    #expect(none == nil)
  }

  @Test func aRecordGivesTheSameMapBack() throws {
    let map = Self.rootless.keepingID(uid: 1000, gid: 100)
    #expect(IDMapping(users: map.users.map(\.text), groups: map.groups.map(\.text)) == map)
    #expect(IDMapping(users: ["0:1"], groups: []) == nil)
  }

  private static let rootless = IDMappingTests.rootless
}
