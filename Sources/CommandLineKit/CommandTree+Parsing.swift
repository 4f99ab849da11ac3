import Model

/// What a command line asks for.
public enum ParsedCommandLine<Globals: Sendable>: Sendable {
  /// Call it; it returns the exit code. The globals are for what is set up before.
  case run(Globals, @Sendable () throws -> Int32)
  /// nil: the root's page. `path` is "martlet container ls".
  case help(Command<Globals>?, path: String)
  case version
  /// The words after `__complete`; the last one is being typed.
  ///
  /// `helps`: whether a candidate's help is wanted, else `__completeNoDesc` it was, as programs that Go's
  /// cobra parses have it.
  case complete([String], helps: Bool)
}

extension CommandTree {
  /// The words after the program's name.
  ///
  /// An error is one of use: exit code 125.
  public func parse(_ words: [String]) throws(UsageError) -> ParsedCommandLine<Globals> {
    switch words.first {
    case "__complete": return .complete(Array(words.dropFirst()), helps: true)
    case "__completeNoDesc": return .complete(Array(words.dropFirst()), helps: false)
    default: break
    }
    var globals = globalDefaults
    var scanner = ArgumentScanner(words, globalOptions: globalOptionInfos, path: name)
    scanner.takesSingleDashNames = takesSingleDashNames
    var command: Command<Globals>?
    while true {
      if let leaf = command, case .leaf(let makeTable) = leaf.action {
        let table = makeTable()
        scanner.enter(
          path: scanner.path, options: table.options,
          stopsAtFirstPositional: leaf.stopsAtFirstPositional)
        return try finish(leaf, table.bind, &scanner, &globals)
      }
      switch try scan(&scanner, root: command == nil) {
      case .option(_, let index, let value):
        try globalOptions[index].store(value, in: &globals)
      case .help:
        return .help(command, path: scanner.path)
      case .positional("help"):
        return try help(after: command, &scanner)
      case .positional(let word):
        if command == nil, Self.isVersion(word) { return .version }
        command = try subcommand(word, of: command, path: scanner.path)
        scanner.path += " " + word
      case .end:
        throw UsageError(
          "missing command '\(scanner.path) COMMAND'", advice: .help(command: scanner.path))
      }
    }
  }

  /// What the options before the command's name say of how to tell an error, whatever is wrong with the
  /// words; options that are wrong themselves are passed over.
  public func leadingGlobals(_ words: [String]) -> Globals {
    var globals = globalDefaults
    var scanner = ArgumentScanner(words, globalOptions: globalOptionInfos, path: name)
    scanner.takesSingleDashNames = takesSingleDashNames
    while true {
      // An error's word has been taken by then.
      guard let item = try? scanner.next() else { continue }
      switch item {
      case .option(_, let index, let value): try? globalOptions[index].store(value, in: &globals)
      case .positional(let word) where topLevel(word) != nil: return globals
      case .end: return globals
      case .positional, .help: continue
      }
    }
  }

  /// `--version` and `-v` are the root's own, unless a global option took the name.
  private func scan(
    _ scanner: inout ArgumentScanner, root: Bool
  ) throws(UsageError) -> ArgumentScanner.Item {
    if root, let word = scanner.peek, Self.isVersion(word), !takesVersion(word) {
      return .positional(word)
    }
    return try scanner.next()
  }

  private static func isVersion(_ word: String) -> Bool { word == "--version" || word == "-v" }

  private func takesVersion(_ word: String) -> Bool {
    globalOptions.contains { $0.info.long == "version" || (word == "-v" && $0.info.short == "v") }
  }

  private func finish(
    _ command: Command<Globals>,
    _ bind: ([Command<Globals>.Given]) throws(UsageError) -> Command<Globals>.Bound,
    _ scanner: inout ArgumentScanner, _ globals: inout Globals
  ) throws(UsageError) -> ParsedCommandLine<Globals> {
    var given: [Command<Globals>.Given] = []
    var arguments: [String] = []
    scanning: while true {
      switch try scanner.next() {
      case .option(.command, let index, let value): given.append((index, value))
      case .option(.global, let index, let value):
        try globalOptions[index].store(value, in: &globals)
      case .positional(let word): arguments.append(word)
      case .help: return .help(command, path: scanner.path)
      case .end: break scanning
      }
    }
    let bound = try bind(given)
    try command.positionals.check(arguments.count, for: scanner.path)
    let invocation = Invocation(globals: globals, arguments: arguments, path: scanner.path)
    return .run(globals) { try bound(invocation) }
  }

  private func subcommand(
    _ word: String, of group: Command<Globals>?, path: String
  ) throws(UsageError) -> Command<Globals> {
    // Before a list is made of all of them: this is on the way of every command.
    if let group {
      for command in group.subcommands where command.answers(to: word) { return command }
    } else if let found = topLevel(word) {
      return found
    }
    if let reason = unsupported(String("\(path) \(word)".dropFirst(name.count + 1))) {
      throw UsageError("\"\(path) \(terminalSafe(word))\" is not supported", hint: reason)
    }
    let known = group?.subcommands ?? sections.flatMap(\.commands)
    let names = known.filter { !$0.isHidden }.flatMap { [$0.name] + $0.aliases }
    let seeHelp = Advice.help(command: path)
    let guess = Suggestion.nearest(to: word, among: names)
    throw UsageError(
      "unknown command \"\(terminalSafe(word))\" for \"\(path)\"",
      advice: guess.map { .hint("did you mean \($0)? \(seeHelp.text)") } ?? seeHelp)
  }

  /// `martlet help container ls`, and `martlet container help ls`.
  private func help(
    after start: Command<Globals>?, _ scanner: inout ArgumentScanner
  ) throws(UsageError) -> ParsedCommandLine<Globals> {
    var command = start
    var path = scanner.path
    while case .positional(let word) = try scanner.next() {
      command = try subcommand(word, of: command, path: path)
      path += " " + word
    }
    return .help(command, path: path)
  }
}
