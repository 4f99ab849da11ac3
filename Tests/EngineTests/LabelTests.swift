import LinuxSystem
import Model
import StateStore
import Testing

@testable import Engine

/// Labels on their way from the command line to a listing.
struct LabelTests {
  @Test(arguments: [
    ("a=b", "a", "b"), ("a", "a", ""), ("a=", "a", ""), ("a=b=c", "a", "b=c"),
    ("k= b\tc\n", "k", " b\tc\n"),
    // An accent, and a joiner, would make one character of themselves and the sign.
    ("comb=\u{301}x", "comb", "\u{301}x"), ("zwj=\u{200D}x", "zwj", "\u{200D}x"),
  ])
  func areListedAsGiven(text: String, key: String, value: String) throws {
    let root = "/tmp/martlet-label-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    let context = try EngineContext(below: root)
    var config = ContainerConfig()
    config.id = try RandomName.hexadecimal(CurrentProcess.randomBytes(32))
    config.name = "one"
    config.labels = try KeyValues.parse([text], what: "label")
    try ContainerStore(context).add(config)
    let places = try #require(try ContainerPlaces.open(context).map { $0 })
    let labels = try #require(try places.summary(config.id)).labels
    #expect(labels.map(\.key) == [key])
    #expect(labels.map { Array($0.value.utf8) } == [Array(value.utf8)])
  }

  @Test func aKeyIsNeeded() {
    #expect(throws: ErrorReport.self) { try KeyValues.parse(["=x"], what: "label") }
    #expect(throws: ErrorReport.self) { try KeyValues.parse([""], what: "label") }
  }
}
