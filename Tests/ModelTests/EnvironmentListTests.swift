import Testing

@testable import Model

struct EnvironmentListTests {
  @Test(arguments: [
    ([], []), (["A=1"], ["A=1"]), (["A=1", "B=2", "A=3"], ["A=3", "B=2"]),
    (["A=1", "A=2", "A=3", "B="], ["A=3", "B="]), (["AB=1", "A=2", "AB"], ["AB", "A=2"]),
    (["B=x=y", "A=", "B=z", "=odd", "=even"], ["B=z", "A=", "=even"]),
  ])
  func theLastOfANameStandsWhereTheFirstWas(entries: [String], merged: [String]) {
    #expect(EnvironmentList.withoutRepeats(entries) == merged)
  }

  /// A quadratic way would take minutes.
  @Test func takesManyEntries() {
    let entries = (0..<100_000).map { "NAME\($0 % 50_000)=\($0)" }
    let merged = EnvironmentList.withoutRepeats(entries)
    #expect(merged.count == 50_000)
    #expect(merged[7] == "NAME7=50007")
  }
}
