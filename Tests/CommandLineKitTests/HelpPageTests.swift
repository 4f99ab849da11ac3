import CommandLineKit
import Testing

@Suite struct HelpPageTests {
  private func command(_ words: String...) throws -> (Command<SampleGlobals>, String) {
    try #require(sampleTree().find(words))
  }

  @Test func showsUsageAliasesAndAlignedOptions() throws {
    let (command, path) = try command("container", "ls")
    #expect(
      HelpPage(command, path: path).text == """
        List containers

        Usage:
          martlet container ls [options]

        Aliases:
          ls, list

        Options:
          -a, --all                Show all containers
          -f, --filter KEY=VALUE   Keep what matches

        """)
  }

  @Test func hidesHiddenOptionsAndKeepsTheWidth() throws {
    let (command, path) = try command("run")
    for width in [40, 60, 120] {
      let text = HelpPage(command, path: path, width: width).text
      #expect(!text.contains("secretly"))
      #expect(text.contains("--pull[=POLICY]"))
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= max(width, 60) })
    }
  }

  @Test func showsWhatHoldsWithoutAnOption() {
    struct Options: Sendable { var retries: Int? }
    let command = Command<SampleGlobals>(
      "get", summary: "Get", usage: "", positionals: .none, defaults: Options(),
      options: [
        .integer("retry", nil, \.retries, "COUNT", "How often").following(
          "engine.retry", standard: "3")
      ]
    ) { _, _ in 0 }
    #expect(HelpPage(command, path: "get").text.contains("How often (default 3)\n"))
    let configured = HelpPage(command, path: "get", settings: ["engine.retry": "10"])
    #expect(configured.text.contains("How often (default 10)\n"))
  }

  @Test func rootListsCommandsByGroup() {
    let text = HelpPage(sampleTree()).text
    #expect(text.contains("Containers:\n  run      Run a program in a new container\n"))
    #expect(text.contains("Groups:\n  container   Work with containers\n"))
  }

  @Test func manPageEscapesForRoff() throws {
    let (command, path) = try command("run")
    let page = ManPage(
      command, path: path, version: "1.2",
      sections: [.init("EXIT STATUS", ".dot first\n'quote\nback\\slash a-b")])
    #expect(page.text.contains("\\fB\\-d\\fR, \\fB\\-\\-detach\\fR"))
    #expect(page.text.contains("\\&.dot first\n\\(aqquote\nback\\eslash a\\-b"))
    #expect(page.text.contains("martlet\\-run \\- Run a program in a new container"))
    #expect(!page.text.contains("secretly"))
  }
}
