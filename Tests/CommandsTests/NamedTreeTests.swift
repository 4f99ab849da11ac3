import CommandLineKit
import Testing

@testable import Commands

struct NamedTreeTests {
  private let tree = NamedTree.group([
    ("OCIRuntime", "ociRuntime", .group([("Name", "name", .text("martlet-oci"))])),
    ("List", "list", .list([.text("a"), .text("true")])),
    ("Maps", "maps", .list([.group([("A", "a", .number(1)), ("B", "b", .flag(false))])])),
    ("Empty", "empty", .list([])), ("None", "none", .group([])),
  ])

  @Test func hasTwoNamesForEachField() throws {
    #expect(try OutputFormat("{{.OCIRuntime.Name}}").render([tree.template]) == "martlet-oci\n")
    #expect(
      tree.json.json().hasPrefix(#"{"ociRuntime":{"name":"martlet-oci"},"list":["a","true"]"#))
  }

  @Test func printsAsYAML() {
    #expect(
      tree.yaml() == """
        ociRuntime:
          name: martlet-oci
        list:
          - a
          - "true"
        maps:
          - a: 1
            b: false
        empty: []
        none: {}

        """)
  }

  @Test(arguments: [
    ("plain text", "plain text"), ("12", #""12""#), ("", #""""#), ("a: b", #""a: b""#),
    ("- a", #""- a""#), ("line\nbreak", #""line\nbreak""#), ("/run/x", "/run/x"),
  ]) func quotesWhatYAMLWouldReadOtherwise(text: String, written: String) {
    #expect(NamedTree.text(text).yaml() == written + "\n")
  }
}
