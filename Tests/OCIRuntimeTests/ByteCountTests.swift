import Testing

@testable import OCIRuntime

@Suite struct ByteCountTests {
  @Test(
    arguments: [
      ("-1", -1), ("0", 0), ("52428800", 52_428_800), ("50M", 52_428_800), ("50m", 52_428_800),
      ("64KiB", 65_536), ("64kb", 65_536), ("1.5g", 1_610_612_736), ("2T", 2_199_023_255_552),
      ("1p", 1_125_899_906_842_624), ("7b", 7),
    ] as [(String, Int64)])
  func readsUnits(text: String, bytes: Int64) {
    #expect(ByteCount(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", "x", "M", "50X", "50 M", "-5M", "5i", "1e3", "0x10", ".5g", "5.g", "1.2.3m", "8192p",
    "9999999p", "50Mx", "nan", "inf", "٣",
  ])
  func refusesTheRest(text: String) { #expect(ByteCount(text) == nil) }
}
