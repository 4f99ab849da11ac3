import Model

/// Turns words into options and positionals with the rules of pflag, one item at a time.
struct ArgumentScanner {
  enum Owner { case command, global }

  enum Item {
    case option(Owner, index: Int, value: String)
    case positional(String)
    case help
    case end
  }

  private let words: [String]
  private var position: Int
  private let globalOptions: [OptionInfo]
  private var commandOptions: [OptionInfo] = []
  private var stopsAtFirstPositional = false
  private var flagsEnded = false
  var takesSingleDashNames = false
  /// The rest of a cluster such as `-itd`, and the whole word for error texts.
  private var cluster: (rest: Substring, word: String)?
  /// "martlet run", for hints.
  var path: String

  init(_ words: [String], globalOptions: [OptionInfo], path: String) {
    self.words = words
    position = words.startIndex
    self.globalOptions = globalOptions
    self.path = path
  }

  /// From here on words belong to this command; its options hide global ones of the same name.
  mutating func enter(path: String, options: [OptionInfo], stopsAtFirstPositional: Bool) {
    self.path = path
    commandOptions = options
    self.stopsAtFirstPositional = stopsAtFirstPositional
  }

  mutating func next() throws(UsageError) -> Item {
    if let cluster { return try shorthand(in: cluster.rest, word: cluster.word) }
    guard let word = takeWord() else { return .end }
    if flagsEnded { return .positional(word) }
    var bytes = word.utf8.makeIterator()
    guard bytes.next() == UInt8(ascii: "-"), let second = bytes.next() else {
      flagsEnded = stopsAtFirstPositional
      return .positional(word)
    }
    guard second == UInt8(ascii: "-") else {
      if takesSingleDashNames, isName(word.dropFirst()) { return try long("-" + word) }
      return try shorthand(in: word.dropFirst(), word: word)
    }
    if word.utf8.count == 2 {
      flagsEnded = true
      return try next()
    }
    return try long(word)
  }

  private func isName(_ body: Substring) -> Bool {
    let name = body.prefix { $0 != "=" }
    return name.utf8.count > 1 && find(where: { $0.answers(to: name) }) != nil
  }

  /// The next whole word, not yet taken.
  var peek: String? {
    cluster == nil && !flagsEnded && position < words.endIndex ? words[position] : nil
  }

  private mutating func takeWord() -> String? {
    guard position < words.endIndex else { return nil }
    defer { position += 1 }
    return words[position]
  }

  private mutating func long(_ word: String) throws(UsageError) -> Item {
    let body = word.dropFirst(2)
    if body.first == "-" || body.first == "=" {
      throw UsageError("bad flag syntax: \(word)", advice: seeHelp)
    }
    let equals = body.utf8.firstIndex(of: UInt8(ascii: "="))
    let name = body[..<(equals ?? body.endIndex)]
    guard let (owner, index) = find(where: { $0.answers(to: name) }) else {
      if name == "help", equals == nil { return .help }
      throw unknownFlag(name)
    }
    let info = info(owner, index)
    if let equals {
      let value = String(body[body.utf8.index(after: equals)...])
      return .option(owner, index: index, value: value)
    }
    if case .optional(let implied) = info.argument {
      return .option(owner, index: index, value: implied)
    }
    guard let value = takeWord() else {
      throw UsageError("flag needs an argument: --\(name)", advice: seeHelp)
    }
    return .option(owner, index: index, value: value)
  }

  private mutating func shorthand(
    in letters: Substring, word: String
  ) throws(UsageError) -> Item {
    cluster = nil
    guard let letter = letters.unicodeScalars.first else { return try next() }
    let rest = letters[letters.unicodeScalars.index(after: letters.startIndex)...]
    guard let (owner, index) = find(where: { $0.short == letter }) else {
      if letter == "h" { return .help }
      throw UsageError("unknown shorthand flag: '\(letter)' in \(word)", advice: seeHelp)
    }
    if rest.utf8.count > 1, rest.utf8.first == UInt8(ascii: "=") {
      return .option(owner, index: index, value: String(rest.unicodeScalars.dropFirst()))
    }
    if case .optional(let implied) = info(owner, index).argument {
      if !rest.isEmpty { cluster = (rest, word) }
      return .option(owner, index: index, value: implied)
    }
    if !rest.isEmpty { return .option(owner, index: index, value: String(rest)) }
    guard let value = takeWord() else {
      throw UsageError("flag needs an argument: '\(letter)' in \(word)", advice: seeHelp)
    }
    return .option(owner, index: index, value: value)
  }

  private func find(where matches: (OptionInfo) -> Bool) -> (Owner, Int)? {
    if let index = commandOptions.firstIndex(where: matches) { return (.command, index) }
    if let index = globalOptions.firstIndex(where: matches) { return (.global, index) }
    return nil
  }

  private func info(_ owner: Owner, _ index: Int) -> OptionInfo {
    owner == .command ? commandOptions[index] : globalOptions[index]
  }

  private var seeHelp: Advice { .help(command: path) }

  private func unknownFlag(_ name: Substring) -> UsageError {
    let known = (commandOptions + globalOptions).filter { !$0.hidden }.map(\.long) + ["help"]
    let guess = Suggestion.nearest(to: name, among: known)
    let advice = guess.map { Advice.hint("did you mean --\($0)? \(seeHelp.text)") } ?? seeHelp
    return UsageError("unknown flag: --\(name)", advice: advice)
  }
}
