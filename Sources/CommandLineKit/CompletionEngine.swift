/// Answers `martlet __complete WORDS...`: what may stand where the last word is being typed.
public struct CompletionEngine<Globals: Sendable>: Sendable {
  public struct Candidate: Equatable, Sendable {
    public var text: String
    public var help: String

    public init(_ text: String, _ help: String = "") {
      self.text = text
      self.help = help
    }
  }

  public struct Answer: Equatable, Sendable {
    public var candidates: [Candidate] = []
    /// The shell adds file or directory names itself.
    public var files: CompletionKind = .none

    /// What `__complete` prints: "text TAB help" a line, and last ":none", ":file" or ":directory".
    public var text: String {
      var output = ""
      for candidate in candidates {
        let help = candidate.help.isEmpty ? "" : "\t" + terminalSafe(candidate.help)
        output += terminalSafe(candidate.text) + help + "\n"
      }
      return output + ":\(files.rawValue)\n"
    }
  }

  /// Names of containers, images…; empty on any failure, as a shell can show no error here.
  public typealias Names = @Sendable (CompletionKind) -> [Candidate]

  private let tree: CommandTree<Globals>
  private let names: Names

  public init(_ tree: CommandTree<Globals>, names: @escaping Names) {
    self.tree = tree
    self.names = names
  }

  private struct Place {
    var command: Command<Globals>?
    var options: [OptionInfo]
    var positionals = 0
    var flagsEnded = false
    /// The option whose value comes next.
    var pending: OptionInfo?
    var isLost = false
  }

  /// The words after the program's name; the last one is being typed and may be empty.
  ///
  /// `helps`: whether candidates have their help with them.
  public func answer(_ words: [String], helps: Bool = true) -> Answer {
    var answer = answer(whole: words)
    if !helps { answer.candidates = answer.candidates.map { Candidate($0.text) } }
    return answer
  }

  private func answer(whole words: [String]) -> Answer {
    let current = words.last ?? ""
    var place = Place(options: tree.globalOptionInfos)
    for word in words.dropLast() { advance(&place, word) }
    if place.isLost { return Answer() }
    if let option = place.pending { return values(of: option, prefix: current, lead: "") }
    if current.hasPrefix("-"), !place.flagsEnded { return flags(place, current) }
    if let command = place.command, command.subcommands.isEmpty {
      if command.stopsAtFirstPositional, place.positionals > 0, place.flagsEnded,
        command.positionals.completion(at: place.positionals) == .none
      {
        return Answer(files: .file)
      }
      let kind = command.positionals.completion(at: place.positionals)
      return dynamic(kind, prefix: current, lead: "")
    }
    return commands(place, current)
  }

  // MARK: words before

  private func advance(_ place: inout Place, _ word: String) {
    if place.pending != nil {
      place.pending = nil
    } else if word == "--", !place.flagsEnded {
      place.flagsEnded = true
    } else if word.hasPrefix("-"), word != "-", !place.flagsEnded {
      place.pending = pendingOption(place, word)
    } else if let command = place.command, command.subcommands.isEmpty {
      place.positionals += 1
      if command.stopsAtFirstPositional { place.flagsEnded = true }
    } else {
      enter(&place, word)
    }
  }

  private func enter(_ place: inout Place, _ word: String) {
    let next = known(place).first { $0.answers(to: word) }
    guard let next else { return place.isLost = word != "help" || place.command != nil }
    place.command = next
    place.options = next.options + tree.globalOptionInfos
  }

  private func pendingOption(_ place: Place, _ word: String) -> OptionInfo? {
    guard !word.contains("=") else { return nil }
    if word.hasPrefix("--") {
      let found = place.options.first { $0.answers(to: word.dropFirst(2)) }
      return found?.argument == .required ? found : nil
    }
    // In a cluster the first letter that needs a value takes the rest; none left: the next word.
    var letters = word.unicodeScalars.dropFirst()
    while let letter = letters.popFirst() {
      guard let option = place.options.first(where: { $0.short == letter }) else { return nil }
      if option.argument == .required { return letters.isEmpty ? option : nil }
    }
    return nil
  }

  // MARK: candidates

  private func known(_ place: Place) -> [Command<Globals>] {
    place.command?.subcommands ?? tree.sections.flatMap(\.commands)
  }

  private func commands(_ place: Place, _ prefix: String) -> Answer {
    let shown = known(place).filter { !$0.isHidden && $0.name.hasPrefix(prefix) }
    return Answer(candidates: shown.map { Candidate($0.name, $0.summary) })
  }

  private func flags(_ place: Place, _ current: String) -> Answer {
    if let equals = current.firstIndex(of: "="), current.hasPrefix("--") {
      let name = current[..<equals].dropFirst(2)
      guard let option = place.options.first(where: { $0.answers(to: name) }) else {
        return Answer()
      }
      let value = String(current[current.index(after: equals)...])
      return values(of: option, prefix: value, lead: "--\(name)=")
    }
    var candidates: [Candidate] = []
    for option in place.options where !option.hidden {
      if ("--" + option.long).hasPrefix(current) {
        candidates.append(Candidate("--" + option.long, option.help))
      }
      if let short = option.short, current == "-" {
        candidates.append(Candidate("-\(short)", option.help))
      }
    }
    if "--help".hasPrefix(current) { candidates.append(Candidate("--help", "Show help")) }
    return Answer(candidates: candidates)
  }

  private func values(of option: OptionInfo, prefix: String, lead: String) -> Answer {
    if case .optional = option.argument, option.metavar.isEmpty {
      let words = ["true", "false"].filter { $0.hasPrefix(prefix) }
      return Answer(candidates: words.map { Candidate(lead + $0) })
    }
    guard option.choices.isEmpty else {
      let choices = option.choices.filter { $0.hasPrefix(prefix) }
      return Answer(candidates: choices.map { Candidate(lead + $0) })
    }
    return dynamic(option.completion, prefix: prefix, lead: lead)
  }

  private func dynamic(_ kind: CompletionKind, prefix: String, lead: String) -> Answer {
    switch kind {
    case .none: return Answer()
    case .file, .directory: return Answer(files: kind)
    default:
      let found = names(kind).filter { $0.text.hasPrefix(prefix) }
      // Such a file may also be anywhere.
      return Answer(
        candidates: found.map { Candidate(lead + $0.text, $0.help) },
        files: kind == .module ? .file : .none)
    }
  }
}
