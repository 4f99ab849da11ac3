import FoundationEssentials
import Testing

/// The table of the runtime specification's fields and their tests names what there is.
@Suite struct SpecTableTests {
  private struct Row {
    var field: String
    var tests: [String]
  }

  private static func rows() throws -> [Row] {
    let path = SourceFile.repository + "/contrib/design/0037-runtime-spec-fields.md"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    return text.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|")
      guard cells.count == 2, cells[1].contains("`") else { return nil }
      let words = cells[1].split(separator: "`", omittingEmptySubsequences: false)
      return Row(
        field: cells[0].filter { $0 != " " },
        tests: words.indices.filter { $0 % 2 == 1 }.map { String(words[$0]) })
    }
  }

  @Test func everyNamedTestExists() throws {
    let code = try SourceFile.all(in: "Tests").flatMap(\.lines)
    var functions: Set<Substring> = []
    for line in code {
      guard let range = line.firstRange(of: "func ") else { continue }
      functions.insert(line[range.upperBound...].prefix { $0.isLetter || $0.isNumber })
    }
    let rows = try Self.rows()
    #expect(rows.count > 100)
    for row in rows {
      #expect(!row.tests.isEmpty, "\(row.field) has no test")
      for test in row.tests {
        #expect(functions.contains(Substring(test)), "\(row.field): no test is called \(test)")
      }
    }
  }

  @Test func everyFieldIsInTheTable() throws {
    let known = Set(try Self.rows().compactMap { $0.field.split(separator: ".").last })
    let files = try SourceFile.all(in: "Sources").filter { $0.name.hasPrefix("RuntimeSpec") }
    for file in files {
      for line in file.lines {
        guard let match = line.firstMatch(of: /fields\.\w+\("(\w+)"/) else { continue }
        #expect(
          known.contains(match.output.1),
          "\(match.output.1) (\(file.path)) is not in contrib/design/0037-runtime-spec-fields.md")
      }
    }
  }
}
