import CommandLineKit
import Testing

@testable import Commands

@Suite struct CommandListTests {
  /// A command of another name than its entry's would not be found by its own.
  @Test func entriesHaveTheirCommandsNames() {
    #expect(CommandList.tree.misnamedEntries == [])
  }
}
