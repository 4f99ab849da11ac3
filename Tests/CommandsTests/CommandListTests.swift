import Testing

@testable import CommandLineKit
@testable import Commands

@Suite struct CommandListTests {
  /// A command of another name than its entry's would not be found by its own.
  @Test func entriesHaveTheirCommandsNames() {
    for entry in CommandList.tree.sections.flatMap(\.entries) {
      let command = entry.command()
      #expect(entry.name == command.name && entry.aliases == command.aliases)
    }
  }
}
