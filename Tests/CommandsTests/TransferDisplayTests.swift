import Engine
import Testing

@testable import Commands

struct TransferDisplayTests {
  @Test(arguments: [
    (TransferProgress(id: "abc", status: .waiting), "abc  waiting"),
    (
      TransferProgress(id: "abc", status: .downloading, current: 500_000, total: 2_000_000),
      "abc  downloading  500 kB of 2 MB  25%"
    ), (TransferProgress(id: "abc", status: .extracting, current: 1_000), "abc  extracting  1 kB"),
    (TransferProgress(id: "abc", status: .done, current: 9, total: 9), "abc  done"),
    (TransferProgress(id: "a\u{1b}[2J", status: .exists), "a\\x1b[2J  already here"),
  ]) func saysHowFarAPieceIs(piece: TransferProgress, line: String) {
    #expect(TransferDisplay.line(piece, 80) == line)
  }

  @Test func cutsLinesThatWouldWrap() {
    let piece = TransferProgress(id: "0123456789", status: .downloading, current: 1, total: 2)
    #expect(TransferDisplay.line(piece, 12).count == 11)
  }
}
