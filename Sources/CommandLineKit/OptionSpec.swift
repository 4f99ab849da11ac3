/// One row of a command's option table.
///
/// `Options` is the command's plain struct with its defaults. Key paths are taken as autoclosures:
/// a literal is only instantiated for an option that is given, so a table of a hundred rows costs
/// microseconds.
public struct OptionSpec<Options>: Sendable {
  public typealias Apply = @Sendable (inout Options, String) throws(UsageError) -> Void
  public typealias Path<Value> = @Sendable () -> WritableKeyPath<Options, Value>

  public let info: OptionInfo
  let apply: Apply

  /// A switch: `--all`, `-a`, `--all=false`.
  public static func flag(
    _ long: String, _ short: Unicode.Scalar? = nil,
    _ path: @autoclosure @escaping Path<Bool>, _ help: String,
    hidden: Bool = false, aliases: [String] = []
  ) -> Self {
    Self(info: .flag(long, short, help, hidden, aliases)) { options, text throws(UsageError) in
      options[keyPath: path()] = try OptionText.bool(text)
    }
  }

  /// A switch that tells "not given" (nil) from "given as false".
  public static func optionalBool(
    _ long: String, _ short: Unicode.Scalar? = nil,
    _ path: @autoclosure @escaping Path<Bool?>, _ help: String,
    hidden: Bool = false, aliases: [String] = []
  ) -> Self {
    Self(info: .flag(long, short, help, hidden, aliases)) { options, text throws(UsageError) in
      options[keyPath: path()] = try OptionText.bool(text)
    }
  }

  /// One text; the last one given wins.
  ///
  /// With `choices`, only these are accepted.
  public static func value(
    _ long: String, _ short: Unicode.Scalar? = nil,
    _ path: @autoclosure @escaping Path<String?>, _ metavar: String, _ help: String,
    choices: [String] = [], complete: CompletionKind = .none,
    hidden: Bool = false, aliases: [String] = []
  ) -> Self {
    let info = OptionInfo.value(long, short, metavar, help, choices, complete, hidden, aliases)
    return Self(info: info) { options, text throws(UsageError) in
      try OptionText.require(text, oneOf: choices)
      options[keyPath: path()] = text
    }
  }

  public static func value(
    _ long: String, _ short: Unicode.Scalar? = nil,
    _ path: @autoclosure @escaping Path<String>, _ metavar: String, _ help: String,
    choices: [String] = [], complete: CompletionKind = .none,
    hidden: Bool = false, aliases: [String] = []
  ) -> Self {
    let info = OptionInfo.value(long, short, metavar, help, choices, complete, hidden, aliases)
    return Self(info: info) { options, text throws(UsageError) in
      try OptionText.require(text, oneOf: choices)
      options[keyPath: path()] = text
    }
  }

  /// A decimal, `0x`, `0o` or `0b` integer.
  public static func integer(
    _ long: String, _ short: Unicode.Scalar? = nil,
    _ path: @autoclosure @escaping Path<Int?>, _ metavar: String, _ help: String,
    hidden: Bool = false, aliases: [String] = []
  ) -> Self {
    let info = OptionInfo.value(long, short, metavar, help, [], .none, hidden, aliases)
    return Self(info: info) { options, text throws(UsageError) in
      options[keyPath: path()] = try OptionText.integer(text)
    }
  }

  public static func integer(
    _ long: String, _ short: Unicode.Scalar? = nil,
    _ path: @autoclosure @escaping Path<Int>, _ metavar: String, _ help: String,
    hidden: Bool = false, aliases: [String] = []
  ) -> Self {
    let info = OptionInfo.value(long, short, metavar, help, [], .none, hidden, aliases)
    return Self(info: info) { options, text throws(UsageError) in
      options[keyPath: path()] = try OptionText.integer(text)
    }
  }

  /// May be repeated; order is kept.
  ///
  /// `commaSeparated` also splits each value at its commas, as `--cap-add A,B` wants; a part in
  /// double quotes keeps its commas.
  public static func list(
    _ long: String, _ short: Unicode.Scalar? = nil,
    _ path: @autoclosure @escaping Path<[String]>, _ metavar: String, _ help: String,
    commaSeparated: Bool = false, choices: [String] = [], complete: CompletionKind = .none,
    hidden: Bool = false, aliases: [String] = []
  ) -> Self {
    var info = OptionInfo.value(long, short, metavar, help, choices, complete, hidden, aliases)
    info.isRepeatable = true
    return Self(info: info) { options, text throws(UsageError) in
      let parts = commaSeparated ? try OptionText.commaSeparated(text) : [text]
      for part in parts { try OptionText.require(part, oneOf: choices) }
      options[keyPath: path()] += parts
    }
  }

  /// Any other type: `apply` parses the text, stores it and does nothing else.
  ///
  /// It is called once per occurrence, in order.
  public static func parsed(
    _ long: String, _ short: Unicode.Scalar? = nil, _ metavar: String, _ help: String,
    repeatable: Bool = false, choices: [String] = [], complete: CompletionKind = .none,
    hidden: Bool = false, aliases: [String] = [], _ apply: @escaping Apply
  ) -> Self {
    var info = OptionInfo.value(long, short, metavar, help, choices, complete, hidden, aliases)
    info.isRepeatable = repeatable
    return Self(info: info, apply: apply)
  }

  /// `--pull` alone means `implied`; another value is only taken from `--pull=always`.
  public static func optionalValue(
    _ long: String, _ short: Unicode.Scalar? = nil,
    _ path: @autoclosure @escaping Path<String?>, _ metavar: String, implied: String,
    _ help: String, choices: [String] = [], complete: CompletionKind = .none,
    hidden: Bool = false, aliases: [String] = []
  ) -> Self {
    var info = OptionInfo.value(long, short, metavar, help, choices, complete, hidden, aliases)
    info.argument = .optional(implied: implied)
    return Self(info: info) { options, text throws(UsageError) in
      try OptionText.require(text, oneOf: choices)
      options[keyPath: path()] = text
    }
  }

  /// The same, and help shows what holds without it: what the user's settings have under the key
  /// `setting`, else `standard`.
  public func following(_ setting: String, standard: String? = nil) -> Self {
    var info = info
    info.setting = setting
    info.standard = standard
    return Self(info: info, apply: apply)
  }

  /// The same, and its name is put into a list: for commands to which it matters whether something
  /// was said at all.
  public func noting(_ path: @autoclosure @escaping Path<[String]>) -> Self {
    let name = info.long
    let store = apply
    return Self(info: info) { options, text throws(UsageError) in
      try store(&options, text)
      options[keyPath: path()].append(name)
    }
  }

  /// A flag whose value, `true` or `false`, `apply` takes.
  public static func parsedFlag(
    _ long: String, _ help: String, hidden: Bool = false, _ apply: @escaping Apply
  ) -> Self {
    Self(info: .flag(long, nil, help, hidden, []), apply: apply)
  }
}

extension OptionInfo {
  fileprivate static func flag(
    _ long: String, _ short: Unicode.Scalar?, _ help: String, _ hidden: Bool, _ aliases: [String]
  ) -> OptionInfo {
    OptionInfo(
      long: long, short: short, aliases: aliases, metavar: "", help: help,
      argument: .optional(implied: "true"), choices: [], completion: .none, hidden: hidden,
      isRepeatable: false)
  }

  fileprivate static func value(
    _ long: String, _ short: Unicode.Scalar?, _ metavar: String, _ help: String,
    _ choices: [String], _ completion: CompletionKind, _ hidden: Bool, _ aliases: [String]
  ) -> OptionInfo {
    OptionInfo(
      long: long, short: short, aliases: aliases, metavar: metavar, help: help,
      argument: .required, choices: choices, completion: completion, hidden: hidden,
      isRepeatable: false)
  }
}
