import FoundationEssentials
import Testing

/// One Swift file of the package as text, for rules about text.
struct SourceFile: CustomTestStringConvertible {
  let module: String
  /// The path from the repository's root.
  let path: String
  let lines: [Substring]

  var testDescription: String { path }
  var name: Substring { path.split(separator: "/").last ?? "" }

  /// The modules it imports, with the line numbers.
  var imports: [(line: Int, module: String)] {
    lines.enumerated().compactMap { index, line in
      // A look at the bytes first: the expression is slow, and most lines are no imports.
      guard line.contains("import ") else { return nil }
      let pattern =
        /^\s*(?:@[\w()]+\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
      return line.firstMatch(of: pattern).map { (index + 1, String($0.output.1)) }
    }
  }

  /// The numbers of the lines with `word` in their code, that is outside of strings and comments;
  /// good enough for words that have no business in either.
  func lines(withCode word: String) -> [Int] {
    lines.enumerated().compactMap { index, line in
      // A look at the bytes first: the expressions are slow, and most lines have no such word.
      guard line.contains(word) else { return nil }
      let bare = line.replacing(/"(?:[^"\\]|\\.)*"/, with: "")
      let code = bare.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
      let words = code.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
      return words.contains { $0 == word } ? index + 1 : nil
    }
  }

  static let repository: String =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  /// Every Swift file below `folder` ("Sources" or "Tests").
  static func all(in folder: String) throws -> [SourceFile] {
    let root = repository + "/" + folder
    return try FileManager.default.subpathsOfDirectory(atPath: root)
      .filter { $0.hasSuffix(".swift") }.sorted()
      .map { path in
        let text = try String(contentsOfFile: root + "/" + path, encoding: .utf8)
        return SourceFile(
          module: String(path.split(separator: "/")[0]), path: folder + "/" + path,
          lines: text.split(separator: "\n", omittingEmptySubsequences: false))
      }
  }
}
