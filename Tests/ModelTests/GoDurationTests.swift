import Model
import Testing

@Suite struct GoDurationTests {
  @Test(arguments: [
    (0, "0s"), (1, "1ns"), (1_500, "1.5µs"), (300_000_000, "300ms"), (1_500_000_000, "1.5s"),
    (60_000_000_000, "1m0s"), (3_720_500_000_000, "1h2m0.5s"), (-2_000_000_000, "-2s"),
    (1_000_000_001, "1.000000001s"),
  ])
  func printsAsGoDoes(_ nanoseconds: Int64, _ text: String) {
    #expect(GoDuration.format(nanoseconds) == text)
  }

  @Test(arguments: ["1h30m", "1.5s", "-300ms", "10s"])
  func readsWhatItPrints(_ text: String) throws {
    let value = try #require(GoDuration.parse(text))
    #expect(GoDuration.parse(GoDuration.format(value)) == value)
  }

  @Test(arguments: ["0", "-0", "0s"])
  func zeroNeedsNoUnit(_ text: String) { #expect(GoDuration.parse(text) == 0) }

  @Test(arguments: ["", "5", "s", "1x", "-"])
  func refusesOtherTexts(_ text: String) { #expect(GoDuration.parse(text) == nil) }
}
