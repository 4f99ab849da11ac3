import CommandLineKit
import Testing

@Suite struct OutputFormatTests {
  static let rows: [TemplateValue] = [
    .object([("ID", .string("1")), ("Names", .string("long-name")), ("CreatedAt", .string("now"))]),
    .object([("ID", .string("22")), ("Names", .string("b")), ("CreatedAt", .string("\u{1b}[31m"))]),
  ]

  @Test(arguments: [
    (
      #"table {{.ID}}\t{{.Names}}\t{{.CreatedAt}}"#,
      "CONTAINER ID  NAMES      CREATED AT\n1             long-name  now\n22            b          \\x1b[31m\n"
    ),
    ("table {{.ID}} {{.Names}}", "CONTAINER ID  NAMES\n1             long-name\n22            b\n"),
    ("{{.ID}} {{.Names}}", "1 long-name\n22 b\n"),
    ("{{.ID}}", "1\n22\n"),
    (#"{{.ID}}\t{{.Names}}"#, "1\tlong-name\n22\tb\n"),
    ("{{json .ID}}", "\"1\"\n\"22\"\n"),
    ("{{range .}}{{.ID}};{{end}}", "1;22;\n"),
    (#"{{printf "%s\t|" .ID}}"#, "1\t|\n22\t|\n"),
    ("table", "NAMES\nlong-name\nb\n"),
  ])
  func rendersRows(format: String, expected: String) throws {
    let output = try OutputFormat(
      format, headings: ["ID": "CONTAINER ID"], defaultTable: "{{.Names}}")
    #expect(try output.render(Self.rows) == expected)
  }

  @Test(arguments: [
    ("table {{.ID}}", "ID\na\nb\nc\n"),
    ("table {{.Names}} {{.ID}}", "NAMES  ID\n日本   a\nb\n       c\n"),
    ("table {{.ID}} {{.Names}}", "ID  NAMES\na\nb\n    日本\nc\n"),
  ])
  func aCellOfLinesBeginsRows(format: String, expected: String) throws {
    let rows: [TemplateValue] = [
      .object([("ID", .string("a\nb\n")), ("Names", .string("日本"))]),
      .object([("ID", .string("c")), ("Names", .string(""))]),
    ]
    #expect(try OutputFormat(format).render(rows) == expected)
  }

  @Test func jsonIsAnIndentedArray() throws {
    let value = TemplateValue.list([
      .object([
        ("B", .string("<a&b>\n\u{1}\u{2028}")), ("A", .list([])), ("M", .map([])), ("N", .null),
        ("D", .double(1e-7)), ("I", .int(.min)),
      ])
    ])
    #expect(
      value.json(pretty: true) == """
        [
            {
                "B": "<a&b>\\n\\u0001\\u2028",
                "A": [],
                "M": {},
                "N": null,
                "D": 1e-7,
                "I": -9223372036854775808
            }
        ]
        """)
    #expect(try OutputFormat("json").render([]) == "[]\n")
  }
}
