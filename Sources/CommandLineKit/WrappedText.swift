/// Breaks text at spaces for a terminal's width.
enum WrappedText {
  /// Lines of at most `width` cells; a longer word stands alone.
  ///
  /// Line breaks in the text stay.
  static func lines(_ text: String, width: Int) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph in
      wrap(paragraph, width: max(width, 20))
    }
  }

  private static func wrap(_ paragraph: Substring, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in paragraph.split(separator: " ") {
      if line.isEmpty {
        line = String(word)
      } else if displayWidth(line) + 1 + displayWidth(String(word)) <= width {
        line += " " + word
      } else {
        lines.append(line)
        line = String(word)
      }
    }
    return lines + [line]
  }

  /// Two columns: names on the left, wrapped text on the right.
  static func columns(_ rows: [(name: String, text: String)], width: Int) -> String {
    let widest = rows.map { displayWidth($0.name) }.filter { $0 <= 34 }.max() ?? 0
    let indent = 2 + widest + 3
    var output = ""
    for row in rows {
      let lines = lines(row.text, width: width - indent)
      let name = "  " + row.name
      let fits = displayWidth(row.name) <= widest
      if !fits { output += name + "\n" }
      for (index, line) in lines.enumerated() {
        let left = index == 0 && fits ? name : ""
        let spaces = String(repeating: " ", count: indent - displayWidth(left))
        output += line.isEmpty ? left + "\n" : left + spaces + line + "\n"
      }
    }
    return output
  }
}
