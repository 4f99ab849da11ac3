/// What `--help` prints, from the same tables as parsing.
public struct HelpPage: Sendable {
  private var sections: [(title: String, body: String)] = []
  private let summary: String
  private let footer: String

  /// The page of one command; `path` is how the user reached it.
  ///
  /// `settings`: what the user has settled, by the keys that options follow.
  public init<Globals>(
    _ command: Command<Globals>, path: String, globalOptions: [OptionInfo] = [], width: Int = 80,
    settings: [String: String] = [:]
  ) {
    summary = command.summary
    let isGroup = !command.subcommands.isEmpty
    footer = isGroup ? "Run '\(path) COMMAND --help' for more about a command.\n" : ""
    add("Usage", "  \(path) \(command.usage)\n")
    if !command.aliases.isEmpty {
      add("Aliases", "  " + ([command.name] + command.aliases).joined(separator: ", ") + "\n")
    }
    if !command.description.isEmpty {
      add("Description", Self.indented(WrappedText.lines(command.description, width: width - 2)))
    }
    if !command.examples.isEmpty {
      let lines = command.examples.flatMap { $0.split(separator: "\n").map(String.init) }
      add("Examples", Self.indented(lines))
    }
    if isGroup { add("Commands", Self.commands(command.subcommands, width)) }
    let options = command.options.map { option in
      var option = option
      option.standard = option.setting.flatMap { settings[$0] }.map(terminalSafe) ?? option.standard
      return option
    }
    addOptions("Options", options, width)
    addOptions("Global options", globalOptions, width)
  }

  /// The root's page; `name` is how the user called the program, by default the tree's.
  public init<Globals>(_ tree: CommandTree<Globals>, name: String? = nil, width: Int = 80) {
    let name = name ?? tree.name
    summary = tree.summary
    footer = "Run '\(name) COMMAND --help' for more about a command.\n"
    add("Usage", "  \(name) [options] COMMAND\n")
    for section in tree.sections {
      add(section.title, Self.commands(section.commands, width))
    }
    addOptions("Options", tree.globalOptionInfos, width)
  }

  public var text: String { text(summary + "\n") { $0 } }

  /// With the name first and titles in capitals, as runc's pages are.
  public func text(named name: String) -> String {
    text("NAME:\n   \(name) - \(summary)\n") { $0.uppercased() }
  }

  private func text(_ head: String, title: (String) -> String) -> String {
    let parts = [head] + sections.map { "\(title($0.title)):\n\($0.body)" }
    return (footer.isEmpty ? parts : parts + [footer]).joined(separator: "\n")
  }

  private mutating func add(_ title: String, _ body: String) {
    if !body.isEmpty { sections.append((title, body)) }
  }

  private mutating func addOptions(_ title: String, _ options: [OptionInfo], _ width: Int) {
    let rows = options.filter { !$0.hidden }.map { ($0.helpName, $0.helpText) }
    add(title, WrappedText.columns(rows, width: width))
  }

  private static func indented(_ lines: [String]) -> String {
    lines.map { $0.isEmpty ? "\n" : "  " + $0 + "\n" }.joined()
  }

  private static func commands<Globals>(_ commands: [Command<Globals>], _ width: Int) -> String {
    let rows = commands.filter { !$0.isHidden }.map { ($0.name, $0.summary) }
    return WrappedText.columns(rows, width: width)
  }
}

extension OptionInfo {
  /// "-a, --all" or "    --name NAME".
  var helpName: String {
    let name = (short.map { "-\($0), " } ?? "    ") + "--" + long
    guard !metavar.isEmpty else { return name }
    if case .optional = argument { return name + "[=" + metavar + "]" }
    return name + " " + metavar
  }

  var helpText: String {
    (choices.isEmpty ? help : help + " (" + choices.joined(separator: ", ") + ")")
      + (standard.map { " (default \($0))" } ?? "")
  }
}
