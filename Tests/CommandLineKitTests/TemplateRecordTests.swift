import CommandLineKit
import Testing

@Suite struct TemplateRecordTests {
  /// Whose fields tell what they were asked for.
  private final class Row: TemplateRecord {
    let names = ["A", "Dear", "ID", "Method"]

    func member(_ name: String) -> TemplateObject.Member? {
      switch name {
      case "A": .field(.string("a"))
      case "Dear": .field(.int(7))
      case "ID": .field(.string("id"))
      case "Method":
        .method { (arguments: [TemplateValue]) throws(UsageError) in .int(Int64(arguments.count)) }
      default: nil
      }
    }
  }

  private static let row = TemplateValue.object(TemplateObject(Row()))

  @Test(arguments: [
    ("{{.A}}-{{.Dear}}", "a-7"), ("{{.Id}}", "id"), ("{{.Method}} {{.Method 1 2}}", "0 2"),
    ("{{.}}", "{a 7 id}"), ("{{json .}}", #"{"A":"a","Dear":7,"ID":"id"}"#),
    ("{{with .}}{{.A}}{{end}}", "a"), ("{{if .A}}{{.A | len}}{{end}}", "1"),
  ])
  func isSeenAsAnObject(template: String, expected: String) throws {
    #expect(try GoTemplate(template).render(Self.row) == expected)
  }

  @Test func knowsWhatWasMeant() throws {
    let template = try GoTemplate("{{.Deer}}")
    #expect { try template.render(Self.row) } throws: { error in
      (error as? UsageError)?.hint == "did you mean .Dear?"
    }
  }

  @Test func equalsAnObjectOfItsFields() {
    #expect(
      Self.row
        == .object([("A", .string("a")), ("Dear", .int(7)), ("ID", .string("id"))]))
  }
}
