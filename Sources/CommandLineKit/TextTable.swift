/// Rows in aligned columns, as `ps` prints: upper-case headings, two spaces at least between columns.
///
/// Cells may hold anything a container, image or registry says; they are made terminal-safe here.
/// All of them are in one piece of memory, as a thousand rows of single texts take milliseconds.
public struct TextTable: Sendable {
  public static let gap = 2

  private struct Cell {
    /// Where it is in `text`.
    var bytes: Range<Int>
    /// In cells of a terminal.
    var width: Int
  }

  private var text: [UInt8] = []
  private var cells: [Cell] = []
  /// Where the cells of each row end.
  private var ends: [Int] = []

  public init(headings: [String] = []) {
    if !headings.isEmpty { append(headings.map { $0.uppercased() }) }
  }

  /// Adds a row.
  public mutating func append(_ cells: [String]) {
    for cell in cells {
      let start = text.count
      text.append(contentsOf: cell.utf8)
      appendCell(start..<text.count)
    }
    ends.append(self.cells.count)
  }

  /// Adds a row for each line of a text, its cells separated by tabs.
  mutating func append(lines: String) {
    let start = text.count
    text.append(contentsOf: lines.utf8)
    let end = text.count - (lines.utf8.last == 0x0A ? 1 : 0)
    var cell = start
    for at in start..<end where text[at] == 0x09 || text[at] == 0x0A {
      appendCell(cell..<at)
      if text[at] == 0x0A { ends.append(cells.count) }
      cell = at + 1
    }
    appendCell(cell..<end)
    ends.append(cells.count)
  }

  private mutating func appendCell(_ bytes: Range<Int>) {
    if isPrintable(bytes) {
      cells.append(Cell(bytes: bytes, width: bytes.count))
      return
    }
    let safe = terminalSafe(String(decoding: text[bytes], as: UTF8.self))
    let start = text.count
    text.append(contentsOf: safe.utf8)
    cells.append(Cell(bytes: start..<text.count, width: displayWidth(safe)))
  }

  /// Whether all of it is ASCII that shows.
  private func isPrintable(_ bytes: Range<Int>) -> Bool {
    for at in bytes where text[at] < 0x20 || text[at] > 0x7E { return false }
    return true
  }

  /// Every row with its newline; no spaces at a line's end.
  public func render() -> String {
    let widths = widths()
    var output: [UInt8] = []
    output.reserveCapacity(ends.count * widths.reduce(0) { $0 + $1 + Self.gap })
    var first = 0
    for end in ends {
      let start = output.count
      for index in first..<end {
        output.append(contentsOf: text[cells[index].bytes])
        guard index < end - 1 else { break }
        let blanks = widths[index - first] - cells[index].width + Self.gap
        for _ in 0..<blanks { output.append(0x20) }
      }
      while output.count > start, output[output.count - 1] == 0x20 { output.removeLast() }
      output.append(0x0A)
      first = end
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Of each column's widest cell.
  private func widths() -> [Int] {
    var widths: [Int] = []
    var first = 0
    for end in ends {
      for index in first..<end {
        let column = index - first
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cells[index].width)
      }
      first = end
    }
    return widths
  }
}

/// The cells of a terminal a text takes: combining marks none, East Asian wide letters and emoji two.
public func displayWidth(_ text: String) -> Int {
  if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
  return text.reduce(0) { width, character in
    guard let scalar = character.unicodeScalars.first else { return width }
    if scalar.properties.generalCategory == .nonspacingMark { return width }
    return width + (isWide(scalar) ? 2 : 1)
  }
}

private func isWide(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff,
    0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff,
    0x1f900...0x1faff, 0x20000...0x3fffd:
    return true
  default: return false
  }
}

/// At most `width` characters, the last an ellipsis if something was cut.
public func truncated(_ text: String, to width: Int) -> String {
  // There are no more characters than bytes, and these need not be gone through.
  guard width > 0, text.utf8.count > width, text.count > width else { return width > 0 ? text : "" }
  return text.prefix(width - 1) + "…"
}

/// The first twelve characters of an id, without "sha256:".
public func shortID(_ id: String) -> String {
  String((id.hasPrefix("sha256:") ? id.dropFirst(7) : id[...]).prefix(12))
}
