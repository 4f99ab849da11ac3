import Model
import Testing

@Suite struct TimestampLimitTests {
  @Test(arguments: [
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1600-01-01", "2300-01-01T00:00:00Z",
  ]) func knowsNoTimeOutside64Bits(text: String) {
    #expect(Timestamp.parse(text) == nil)
  }
}
