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
      let pattern =
        /^\s*(?:@[\w()]+\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
      return line.firstMatch(of: pattern).map { (index + 1, String($0.output.1)) }
    }
  }

  /// The lines without strings and comments, for rules about code; good enough for one-line uses.
  var code: [(line: Int, text: String)] {
    lines.enumerated().map { index, line in
      let bare = line.replacing(/"(?:[^"\\]|\\.)*"/, with: "\"\"")
      return (
        index + 1, String(bare.prefix(upTo: bare.firstRange(of: "//")?.lowerBound ?? bare.endIndex))
      )
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
