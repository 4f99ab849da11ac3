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
    try EngineContext.withScratch { context in
      let id = try context.addContainer("one") {
        $0.labels = try KeyValues.parse([text], what: "label")
      }
      let places = try #require(try ContainerPlaces.open(context))
      let labels = try #require(try places.summary(id)).labels
      #expect(labels.map(\.key) == [key])
      #expect(labels.map { Array($0.value.utf8) } == [Array(value.utf8)])
    }
  }

  @Test func aKeyIsNeeded() {
    #expect(throws: ErrorReport.self) { try KeyValues.parse(["=x"], what: "label") }
    #expect(throws: ErrorReport.self) { try KeyValues.parse([""], what: "label") }
  }
}
