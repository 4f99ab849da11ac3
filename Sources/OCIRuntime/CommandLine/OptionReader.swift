import Model

/// What a command line gave a command: options by name, and operands.
struct OptionReader {
  /// An option that a command knows.
  struct Option: Sendable {
    var name: String
    var short: Character?
    var takesValue: Bool

    static func flag(_ name: String, _ short: Character? = nil) -> Option {
      Option(name: name, short: short, takesValue: false)
    }

    static func value(_ name: String, _ short: Character? = nil) -> Option {
      Option(name: name, short: short, takesValue: true)
    }
  }

  private(set) var values: [String: [String]] = [:]
  private(set) var operands: [String] = []
  /// Arguments after the last one that was read.
  private(set) var rest: [String] = []

  /// `stopsAtOperand` is whether the first operand ends the options, as before a command.
  init(_ arguments: [String], _ options: [Option], stopsAtOperand: Bool) throws(ErrorReport) {
    var waiting = arguments[...]
    while let argument = waiting.popFirst() {
      if argument == "--" {
        operands += waiting
        return
      }
      if argument.hasPrefix("--") {
        try long(argument.dropFirst(2), options, &waiting)
      } else if argument.hasPrefix("-"), argument.count > 1 {
        // The single dash before a whole word is the spelling of Go programs: -pid-file.
        if options.contains(where: { $0.name == argument.dropFirst().prefix { $0 != "=" } }) {
          try long(argument.dropFirst(1), options, &waiting)
        } else {
          try short(argument.dropFirst(), options, &waiting)
        }
      } else {
        operands.append(argument)
        if stopsAtOperand {
          rest = Array(waiting)
          return
        }
      }
    }
  }

  private mutating func long(
    _ text: Substring, _ options: [Option], _ waiting: inout ArraySlice<String>
  ) throws(ErrorReport) {
    let name = String(text.prefix { $0 != "=" })
    guard let option = options.first(where: { $0.name == name }) else {
      throw ErrorReport(.invalidRequest, "unknown option `--\(name)`")
    }
    let given = text.count > name.count ? String(text.dropFirst(name.count + 1)) : nil
    guard option.takesValue else {
      guard let given else { return set(name, "true") }
      guard given == "true" || given == "false" else {
        throw ErrorReport(.invalidRequest, "option `--\(name)` takes true or false")
      }
      if given == "true" { set(name, given) }
      return
    }
    guard let value = given ?? waiting.popFirst() else {
      throw ErrorReport(.invalidRequest, "option `--\(name)` needs a value")
    }
    set(name, value)
  }

  private mutating func short(
    _ text: Substring, _ options: [Option], _ waiting: inout ArraySlice<String>
  ) throws(ErrorReport) {
    var letters = text
    while let letter = letters.popFirst() {
      guard let option = options.first(where: { $0.short == letter }) else {
        throw ErrorReport(.invalidRequest, "unknown option `-\(letter)`")
      }
      guard option.takesValue else {
        set(option.name, "true")
        continue
      }
      if letters.first == "=" { letters = letters.dropFirst() }
      guard let value = letters.isEmpty ? waiting.popFirst() : String(letters) else {
        throw ErrorReport(.invalidRequest, "option `-\(letter)` needs a value")
      }
      return set(option.name, value)
    }
  }

  private mutating func set(_ name: String, _ value: String) {
    values[name, default: []].append(value)
  }

  func flag(_ name: String) -> Bool { values[name] != nil }
  func value(_ name: String) -> String? { values[name]?.last }
  func all(_ name: String) -> [String] { values[name] ?? [] }

  func number(_ name: String) throws(ErrorReport) -> Int64? {
    guard let text = value(name) else { return nil }
    guard let number = Int64(text) else {
      throw ErrorReport(.invalidRequest, "option `--\(name)`: `\(text)` is not a number")
    }
    return number
  }
}
