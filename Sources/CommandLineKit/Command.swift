/// One command: how it is named, documented, parsed and run; or a group of further commands.
///
/// Tables are taken as autoclosures, so declaring ninety commands builds none of their tables.
public struct Command<Globals: Sendable>: Sendable {
  public typealias Run<Options> = @Sendable (Options, Invocation<Globals>) throws -> Int32

  /// An option that was given: its index in the table, and its text.
  typealias Given = (index: Int, value: String)
  typealias Bound = @Sendable (Invocation<Globals>) throws -> Int32

  /// A command's options, with what binds those that are given.
  struct Table: Sendable {
    let options: [OptionInfo]
    let bind: @Sendable ([Given]) throws(UsageError) -> Bound
  }

  enum Action: Sendable {
    case leaf(@Sendable () -> Table)
    case group(@Sendable () -> [Command])
  }

  public private(set) var name: String
  public private(set) var aliases: [String]
  public private(set) var isHidden: Bool
  public let summary: String
  /// What follows the name: "[options] CONTAINER [CONTAINER...]".
  public let usage: String
  public let description: String
  /// Whole command lines, optionally with a comment line before: "# Keep it\nmartlet run -d nginx".
  public let examples: [String]
  public let positionals: PositionalRule
  /// Everything after the first positional belongs to the program that is run.
  public let stopsAtFirstPositional: Bool
  let action: Action

  /// A command that does something.
  ///
  /// `defaults` is the options' struct as it is with no option given.
  public init<Options: Sendable>(
    _ name: String, aliases: [String] = [], summary: String, usage: String? = nil,
    description: String = "", examples: [String] = [], hidden: Bool = false,
    positionals: PositionalRule = .none, stopsAtFirstPositional: Bool = false,
    defaults: @autoclosure @escaping @Sendable () -> Options,
    options: @autoclosure @escaping @Sendable () -> [OptionSpec<Options>],
    run: @escaping Run<Options>
  ) {
    self.name = name
    self.aliases = aliases
    self.summary = summary
    self.usage = usage ?? "[options]"
    self.description = description
    self.examples = examples
    self.isHidden = hidden
    self.positionals = positionals
    self.stopsAtFirstPositional = stopsAtFirstPositional
    action = .leaf {
      let table = options()
      return Table(options: table.map { $0.info }) { given throws(UsageError) in
        let parsed = try Self.parse(given, options: table, defaults: defaults())
        return { invocation in try run(parsed, invocation) }
      }
    }
  }

  /// A group, `martlet container …`, which is nothing without one of its subcommands.
  public init(
    group name: String, aliases: [String] = [], summary: String, description: String = "",
    hidden: Bool = false, subcommands: @autoclosure @escaping @Sendable () -> [Command]
  ) {
    self.name = name
    self.aliases = aliases
    self.summary = summary
    usage = "COMMAND"
    self.description = description
    examples = []
    isHidden = hidden
    positionals = .none
    stopsAtFirstPositional = false
    action = .group(subcommands)
  }

  /// The same command listed elsewhere: `ps` as `container ls`.
  public func named(_ name: String, aliases: [String] = [], hidden: Bool = false) -> Command {
    var copy = self
    copy.name = name
    copy.aliases = aliases
    copy.isHidden = hidden
    return copy
  }

  /// Empty for a leaf.
  public var subcommands: [Command] {
    guard case .group(let subcommands) = action else { return [] }
    return subcommands()
  }

  /// Empty for a group.
  public var options: [OptionInfo] {
    guard case .leaf(let table) = action else { return [] }
    return table().options
  }

  func answers(to word: String) -> Bool { name == word || aliases.contains(word) }

  private static func parse<Options: Sendable>(
    _ given: [Given], options table: [OptionSpec<Options>], defaults: Options
  ) throws(UsageError) -> Options {
    var options = defaults
    for (index, value) in given { try table[index].store(value, in: &options) }
    return options
  }
}

extension OptionSpec {
  /// Applies one occurrence and names the option in what may be thrown.
  func store(_ text: String, in options: inout Options) throws(UsageError) {
    do {
      try apply(&options, text)
    } catch {
      let message =
        "invalid argument \"\(terminalSafe(text))\" for \"\(info.spelling)\" flag: \(error.message)"
      throw UsageError(message, advice: error.advice)
    }
  }
}
