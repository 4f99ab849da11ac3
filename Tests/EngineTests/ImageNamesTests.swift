import Model
import Testing
import UserNamespaces

@testable import Engine

struct ImageNamesTests {
  @Test(arguments: [
    ("mine", "localhost/mine:latest"), ("a/b:2", "localhost/a/b:2"),
    ("quay.io/a/b", "quay.io/a/b:latest"), ("localhost:5000/x:1", "localhost:5000/x:1"),
  ]) func makesNewNamesLocal(text: String, full: String) throws {
    #expect(try TagImage.newName(text).full == full)
  }

  @Test func refusesADigestInANewName() {
    let digest = "sha256:" + String(repeating: "a", count: 64)
    #expect(throws: ErrorReport.self) { try TagImage.newName("mine@\(digest)") }
  }

  @Test(
    arguments: [
      ("always", PullPolicy.always), ("true", .always), ("missing", .missing), ("never", .never),
      ("newer", .newer), ("ifnotpresent", .missing), ("sometimes", nil),
    ] as [(String, PullPolicy?)]) func readsPullPolicies(text: String, policy: PullPolicy?)
  {
    #expect(PullPolicy(option: text) == policy)
  }

  @Test func namesMappingsByTheirRanges() {
    let rootless = IDMapping.rootless(
      uid: 1000, gid: 1000, users: [.init(start: 100_000, count: 65_536)],
      groups: [.init(start: 100_000, count: 65_536)])
    let one = MappedLayer.name(of: rootless.keepingID(uid: 1000, gid: 1000))
    #expect(one == MappedLayer.name(of: rootless.keepingID(uid: 1000, gid: 1000)))
    #expect(one != MappedLayer.name(of: rootless.keepingID(uid: 1000, gid: 1001)))
    #expect(one.count == 17)
    #expect(one.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
  }

  @Test(arguments: [("mapped/abc-m1/diff", "abc-m1"), ("l/abc", nil), ("mapped", nil)])
  func findsTheNameOfAMappedCopy(path: String, name: String?) {
    #expect(ImageUsers.mappedName(path) == name)
  }
}
