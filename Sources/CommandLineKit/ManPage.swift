/// A man(7) page in roff, from the same tables as parsing.
public struct ManPage: Sendable {
  /// Prose the tables do not have, such as FILES or EXIT STATUS.
  ///
  /// Lines are filled; an empty line starts a paragraph.
  public struct Section: Sendable {
    public var title: String
    public var text: String

    public init(_ title: String, _ text: String) {
      self.title = title
      self.text = text
    }
  }

  public private(set) var text = ""

  /// One command's page: "martlet container ls" is martlet-container-ls(1).
  public init<Globals>(
    _ command: Command<Globals>, path: String, version: String, sections: [Section] = []
  ) {
    let page = Self.pageName(path)
    header(page, path.split(separator: " ").first.map(String.init) ?? path, version)
    section("NAME", Self.escaped(page) + " \\- " + Self.escaped(command.summary))
    section("SYNOPSIS", ".B " + Self.escaped(path) + "\n" + Self.escapedText(command.usage))
    if !command.description.isEmpty {
      section("DESCRIPTION", Self.prose(command.description))
    }
    options(command.options)
    let subcommands = command.subcommands.filter { !$0.isHidden }
    list("COMMANDS", subcommands.map { (path + " " + $0.name, $0.summary) })
    examples(command.examples)
    for extra in sections { section(extra.title, Self.prose(extra.text)) }
    let parent = path.split(separator: " ").dropLast().joined(separator: " ")
    if !parent.isEmpty { seeAlso([parent] + subcommands.map { path + " " + $0.name }) }
  }

  /// The root's page.
  public init<Globals>(_ tree: CommandTree<Globals>, sections: [Section] = []) {
    header(tree.name, tree.name, tree.version)
    section("NAME", Self.escaped(tree.name) + " \\- " + Self.escaped(tree.summary))
    section("SYNOPSIS", ".B " + Self.escaped(tree.name) + "\n[options] COMMAND [ARG...]")
    options(tree.globalOptionInfos)
    for group in tree.sections {
      let commands = group.commands.filter { !$0.isHidden }
      list(group.title.uppercased(), commands.map { (tree.name + " " + $0.name, $0.summary) })
    }
    for extra in sections { section(extra.title, Self.prose(extra.text)) }
  }

  /// "martlet-container-ls"; the file is this and ".1".
  public static func pageName(_ path: String) -> String {
    String(path.map { $0 == " " ? "-" : $0 })
  }

  // MARK: parts

  private mutating func header(_ page: String, _ program: String, _ version: String) {
    let title = Self.escaped(page.uppercased())
    text = ".TH \"\(title)\" \"1\" \"\" \"\(Self.escaped(program + " " + version))\" \"\"\n"
    // No hyphenation, flush left: option names must survive copying.
    text += ".nh\n.ad l\n"
  }

  private mutating func section(_ title: String, _ body: String) {
    text += ".SH " + Self.escapedText(title) + "\n" + body + "\n"
  }

  private mutating func options(_ options: [OptionInfo]) {
    let shown = options.filter { !$0.hidden }
    guard !shown.isEmpty else { return }
    text += ".SH OPTIONS\n"
    for option in shown {
      text += ".TP\n" + Self.name(option) + "\n" + Self.prose(option.helpText) + "\n"
    }
  }

  private static func name(_ option: OptionInfo) -> String {
    var name = option.short.map { "\\fB\(escaped("-\($0)"))\\fR, " } ?? ""
    name += "\\fB\(escaped("--" + option.long))\\fR"
    guard !option.metavar.isEmpty else { return name }
    let value = "\\fI\(escaped(option.metavar))\\fR"
    if case .optional = option.argument { return name + "[=" + value + "]" }
    return name + "=" + value
  }

  private mutating func list(_ title: String, _ rows: [(path: String, summary: String)]) {
    guard !rows.isEmpty else { return }
    text += ".SH " + Self.escapedText(title) + "\n"
    for row in rows {
      text += ".TP\n\\fB\(Self.escaped(Self.pageName(row.path)))\\fR(1)\n"
      text += Self.prose(row.summary) + "\n"
    }
  }

  private mutating func examples(_ examples: [String]) {
    guard !examples.isEmpty else { return }
    let lines = examples.map { example in
      example.split(separator: "\n").map { Self.escapedText(String($0)) }.joined(separator: "\n")
    }
    section("EXAMPLES", ".nf\n" + lines.joined(separator: "\n\n") + "\n.fi")
  }

  private mutating func seeAlso(_ paths: [String]) {
    let names = paths.map { "\\fB" + Self.escaped(Self.pageName($0)) + "\\fR(1)" }
    section("SEE ALSO", names.joined(separator: ",\n"))
  }

  // MARK: escaping

  /// Within a line: backslash, quotes, hyphen (else a typographic one that cannot be pasted).
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "\"": result += "\\(dq"
      default: result.append(character)
      }
    }
    return result
  }

  /// A whole line: one that begins with a dot is no request.
  static func escapedText(_ line: String) -> String {
    let escaped = escaped(line)
    return escaped.hasPrefix(".") ? "\\&" + escaped : escaped
  }

  private static func prose(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.allSatisfy(\.isWhitespace) ? ".PP" : escapedText(String($0)) }
      .joined(separator: "\n")
  }
}
