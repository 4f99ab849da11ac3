import Testing

@testable import Commands

struct HumanTests {
  @Test(
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1234, "1.23 kB"), (1235, "1.24 kB"),
      (4_263_423, "4.26 MB"), (10_500_000, "10.5 MB"), (99_960_000, "100 MB"),
      (126_700_000, "127 MB"), (1_000_000_000, "1 GB"), (Int64.max, "9.22 EB"),
    ] as [(Int64, String)]) func writesSizesWithThreeDigits(bytes: Int64, text: String)
  {
    #expect(Human.size(bytes) == text)
  }

  @Test(
    arguments: [
      (-5, "Less than a second"), (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"),
      (60, "About a minute"), (119, "About a minute"), (120, "2 minutes"), (3_599, "59 minutes"),
      (3_600, "About an hour"), (5_399, "About an hour"), (5_400, "2 hours"), (172_800, "2 days"),
      (1_209_600, "2 weeks"), (5_184_000, "2 months"), (63_072_000, "2 years"),
    ] as [(Int64, String)]) func saysHowLong(seconds: Int64, text: String)
  {
    #expect(Human.duration(seconds * 1_000_000_000) == text)
    #expect(Human.ago(0, now: seconds * 1_000_000_000) == "\(text) ago")
  }
}
