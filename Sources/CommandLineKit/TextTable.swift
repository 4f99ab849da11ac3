/// Rows in aligned columns, as `ps` prints: upper-case headings, two spaces at least between columns.
public struct TextTable: Sendable {
  public static let gap = 2

  private var rows: [[String]] = []

  public init(headings: [String] = []) {
    if !headings.isEmpty { rows.append(headings.map { $0.uppercased() }) }
  }

  /// Cells may hold anything a container, image or registry says; they are made terminal-safe here.
  public mutating func append(_ cells: [String]) { rows.append(cells.map(terminalSafe)) }

  /// Every row with its newline; no spaces at a line's end.
  public func render() -> String {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], displayWidth(cell))
      }
    }
    return rows.map { Self.line($0, widths) }.joined()
  }

  private static func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (column, cell) in cells.enumerated() {
      line += cell
      guard column < cells.count - 1 else { break }
      line += String(repeating: " ", count: widths[column] - displayWidth(cell) + gap)
    }
    let blanks = line.utf8.reversed().prefix { $0 == 0x20 }.count
    line.unicodeScalars.removeLast(blanks)
    return line + "\n"
  }

  /// Aligns lines whose columns are separated by tabs.
  static func aligned(_ texts: [String]) -> String {
    var table = TextTable()
    for text in texts {
      // By bytes: a thousand rows by characters take milliseconds.
      var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
      if lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
      for line in lines {
        table.append(
          line.split(separator: 0x09, omittingEmptySubsequences: false).map {
            String(Substring($0))
          })
      }
    }
    return table.render()
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
  guard width > 0, text.count > width else { return width > 0 ? text : "" }
  return text.prefix(width - 1) + "…"
}

/// The first twelve characters of an id, without "sha256:".
public func shortID(_ id: String) -> String {
  String((id.hasPrefix("sha256:") ? id.dropFirst(7) : id[...]).prefix(12))
}
