import CommandLineKit
import Engine
import LinuxSystem

/// Shows on standard error how an image comes: on a terminal one line for each piece, redrawn in
/// place; elsewhere nothing but warnings.
struct TransferDisplay {
  private let isLive: Bool
  private let columns: Int
  private let rows: Int
  private var pieces: [TransferProgress] = []
  private var drawn = 0

  init(quiet: Bool) {
    isLive = !quiet && Descriptor.isTerminal(Descriptor.standardError)
    let size = isLive ? PseudoTerminal.size(Descriptor.standardError) : nil
    columns = size.map { Int($0.columns) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
    rows = size.map { Int($0.rows) }.flatMap { $0 > 2 ? $0 : nil } ?? 24
  }

  mutating func show(_ event: TransferEvent) {
    switch event {
    case .warning(let text):
      erase()
      Message.warn(text)
    case .progress(let piece):
      guard isLive else { return }
      if let index = pieces.firstIndex(where: { $0.id == piece.id }) {
        pieces[index] = piece
      } else {
        pieces.append(piece)
      }
    }
    if isLive { redraw() }
  }

  /// What is shown stays; the next image starts below it.
  mutating func finish() {
    pieces = []
    drawn = 0
  }

  private mutating func erase() {
    guard drawn > 0 else { return }
    // Up, and clear to the end of the screen (ECMA-48 CUU, ED).
    Message.put("\u{1b}[\(drawn)A\r\u{1b}[J")
    drawn = 0
  }

  private mutating func redraw() {
    let shown = pieces.suffix(rows - 1)
    var text = drawn > 0 ? "\u{1b}[\(drawn)A\r" : ""
    for piece in shown { text += Self.line(piece, columns) + "\u{1b}[K\n" }
    Message.put(text)
    drawn = shown.count
  }

  static func line(_ piece: TransferProgress, _ columns: Int) -> String {
    let word =
      switch piece.status {
      case .waiting: "waiting"
      case .downloading: "downloading"
      case .extracting: "extracting"
      case .done: "done"
      case .exists: "already here"
      case .copying: "copying"
      }
    var line = "\(terminalSafe(piece.id))  \(word)"
    if piece.status != .done, piece.status != .exists, let current = piece.current {
      line += "  \(Human.size(current))"
      if let total = piece.total, total > 0 {
        line += " of \(Human.size(total))  \(min(100, current * 100 / total))%"
      }
    }
    return truncated(line, to: columns - 1)
  }
}
