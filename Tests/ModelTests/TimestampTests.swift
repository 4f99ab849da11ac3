import Model
import Testing

@Suite struct TimestampTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000000Z"),
    (1_582_934_400_000_000_000, "2020-02-29T00:00:00.000000000Z"),
    (-1, "1969-12-31T23:59:59.999999999Z"),
    (1_767_322_645_123_456_789, "2026-01-02T02:57:25.123456789Z"),
  ])
  func formatsAndReadsBack(nanoseconds: Int64, text: String) {
    #expect(Timestamp.format(nanoseconds) == text)
    #expect(Timestamp.parse(text) == nanoseconds)
  }

  @Test(arguments: [
    ("1970-01-01T01:00:00+01:00", 0), ("1970-01-01", 0), ("1970-01-01 00:00:01", 1_000_000_000),
    ("12.5", 12_500_000_000), ("1970-01-01T00:00:00.5-00:30", 1_800_500_000_000),
  ])
  func readsTheFormsThatDockerTakes(text: String, nanoseconds: Int64) {
    #expect(Timestamp.parse(text) == nanoseconds)
  }

  @Test(arguments: ["", "yesterday", "2026-13-01", "2026-01-01T25:00:00Z", "1.x"])
  func refusesOtherText(text: String) { #expect(Timestamp.parse(text) == nil) }
}
