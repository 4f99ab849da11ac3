import CommandLineKit
import FoundationEssentials
import Testing

@testable import Commands

/// Every option that scripts use is in the tables, or is refused with a reason.
@Suite struct CommandContractTests {
  /// Commands and options that are not there, and why: all of them are refused with 125, as any
  /// unknown word is.
  private static let absent: [String: [String: String]] = [
    "rm": ["link": "links are docker's old networks"],
    "commit": ["config": "changes are given with --change"],
    "unshare": ["rootless-netns": "bridges are not supported yet"],
  ]

  private static func find(_ path: String) -> MartletCommand? {
    var level = CommandList.tree.sections.flatMap(\.commands)
    var found: MartletCommand?
    for word in path.split(separator: " ") {
      guard let next = level.first(where: { $0.name == word || $0.aliases.contains(String(word)) })
      else { return nil }
      found = next
      level = next.subcommands
    }
    return found
  }

  @Test(arguments: CommandContract.options.map(\.command))
  func hasTheCommandAndItsOptions(_ path: String) throws {
    let command = try #require(Self.find(path), "there is no command \(path)")
    let row = try #require(CommandContract.options.first { $0.command == path })
    let names = Set(command.options.flatMap { [$0.long] + $0.aliases })
    for option in row.options.split(separator: " ").map(String.init) {
      if names.contains(option) || Self.absent[path]?[option] != nil { continue }
      Issue.record("\(path) has no --\(option)")
    }
  }

  @Test func hasTheGlobalOptions() {
    let names = Set(GlobalOptions.table.flatMap { [$0.info.long] + $0.info.aliases })
    for option in CommandContract.globalOptions.split(separator: " ").map(String.init) {
      #expect(names.contains(option), "there is no global --\(option)")
    }
  }

  @Test(arguments: CommandContract.absentCommands)
  func saysWhyACommandIsNotThere(_ path: String) {
    #expect(UnsupportedCommands.reason(path) != nil && Self.find(path) == nil)
  }

  /// A row of the contract that no system test names, and that is not refused, is not tested.
  @Test func everyOptionIsInASystemTest() throws {
    let tests = try Self.systemTests()
    let refused = Set(
      (UnsupportedOptions.container + UnsupportedOptions.global).map(\.name)
        + Self.absent.values.flatMap(\.keys))
    let global = [("", CommandContract.globalOptions)]
    for (command, options) in CommandContract.options + global {
      for option in options.split(separator: " ").map(String.init) where !refused.contains(option) {
        if tests.contains(option) { continue }
        Issue.record("no system test has --\(option), of \"\(command)\"")
      }
    }
  }

  /// The long options that the system tests have.
  private static func systemTests() throws -> Set<String> {
    let own = URL(filePath: #filePath)
    let directory = own.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "SystemTests")
    var found: Set<String> = []
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
      let text = try String(contentsOf: directory.appending(path: name), encoding: .utf8)
      for match in text.matches(of: /--([a-z0-9-]+)/) { found.insert(String(match.1)) }
    }
    return found
  }

  /// The same commands are reached under `container` as well.
  @Test(arguments: [
    "attach", "create", "exec", "init", "inspect", "kill", "list", "logs", "ls", "pause", "port",
    "prune", "ps", "rename", "restart", "rm", "run", "start", "stats", "stop", "top", "unpause",
    "update", "wait", "exists", "cleanup", "clone",
  ])
  func hasAContainerForm(_ word: String) {
    #expect(Self.find("container \(word)") != nil)
  }

  @Test(arguments: [
    ("run", UnsupportedOptions.container), ("push", UnsupportedOptions.push),
    ("manifest push", UnsupportedOptions.push), ("commit", UnsupportedOptions.commit),
  ])
  func refusesWhatItDoesNotHave(
    words: String, options: [(name: String, takesValue: Bool, reason: String)]
  ) throws {
    let command = try #require(Self.find(words))
    for (name, _, reason) in options {
      let option = try #require(command.options.first { $0.long == name })
      #expect(option.hidden)
      // The command's own counts, although a global one may have the same name.
      let error = #expect(throws: UsageError.self) {
        _ = try CommandList.tree.parse(
          words.split(separator: " ").map(String.init) + ["--\(name)=x"])
      }
      #expect(error?.message.contains("not supported: \(reason)") == true, "\(name)")
    }
  }
}
