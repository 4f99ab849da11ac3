/// The whole program's command line: global options and commands in titled groups.
public struct CommandTree<Globals: Sendable>: Sendable {
  /// Commands under one heading of the root's help.
  public struct Section: Sendable {
    public var title: String
    let entries: [Entry]

    public init(_ title: String, _ entries: [Entry]) {
      self.title = title
      self.entries = entries
    }

    public init(_ title: String, commands: [Command<Globals>]) {
      self.init(
        title,
        commands.map { command in Entry(command.name, aliases: command.aliases, command) })
    }

    public var commands: [Command<Globals>] { entries.map { $0.command() } }
  }

  /// A command by the names that it is found by, made only when it is wanted: to make a hundred commands
  /// costs each start of the program 0.1 ms.
  public struct Entry: Sendable {
    let name: String
    let aliases: [String]
    public let command: @Sendable () -> Command<Globals>

    /// The names must be the command's own.
    public init(
      _ name: String, aliases: [String] = [],
      _ command: @autoclosure @escaping @Sendable () -> Command<Globals>
    ) {
      self.name = name
      self.aliases = aliases
      self.command = command
    }
  }

  public var name: String
  public var version: String
  public var summary: String
  public var globalDefaults: Globals
  public var globalOptions: [OptionSpec<Globals>]
  public var sections: [Section]
  /// Whether `-pid-file` is `--pid-file`, as programs written in Go take it.
  public var takesSingleDashNames: Bool
  /// Why there is no command of such a path (the words after the program's name), where people may
  /// expect one; nil where nobody does.
  public var unsupported: @Sendable (String) -> String?

  public init(
    name: String, version: String, summary: String, globalDefaults: Globals,
    globalOptions: [OptionSpec<Globals>], sections: [Section], takesSingleDashNames: Bool = false,
    unsupported: @escaping @Sendable (String) -> String? = { _ in nil }
  ) {
    self.unsupported = unsupported
    self.takesSingleDashNames = takesSingleDashNames
    self.name = name
    self.version = version
    self.summary = summary
    self.globalDefaults = globalDefaults
    self.globalOptions = globalOptions
    self.sections = sections
  }

  public var globalOptionInfos: [OptionInfo] { globalOptions.map { $0.info } }

  /// The command these words lead to, with how it was reached; nil if a word is unknown.
  public func find(_ words: [String]) -> (command: Command<Globals>, path: String)? {
    guard let first = words.first, var command = topLevel(first) else { return nil }
    var path = name + " " + command.name
    for word in words.dropFirst() {
      guard let next = command.subcommands.first(where: { $0.answers(to: word) }) else {
        return nil
      }
      command = next
      path += " " + next.name
    }
    return (command, path)
  }

  /// Every leaf and group with its path, groups before what they hold, hidden ones left out.
  public func walk(_ visit: (Command<Globals>, _ path: String) -> Void) {
    func descend(_ command: Command<Globals>, _ path: String) {
      guard !command.isHidden else { return }
      let path = path + " " + command.name
      visit(command, path)
      for subcommand in command.subcommands { descend(subcommand, path) }
    }
    for section in sections {
      for command in section.commands { descend(command, name) }
    }
  }

  func topLevel(_ word: String) -> Command<Globals>? {
    for section in sections {
      for entry in section.entries where entry.name == word || entry.aliases.contains(word) {
        return entry.command()
      }
    }
    return nil
  }
}
