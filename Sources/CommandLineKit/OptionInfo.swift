/// What an option looks like from outside: the part of an `OptionSpec` that parsing, help, man pages
/// and completion share and that does not depend on the command's own type.
public struct OptionInfo: Sendable {
  public enum Argument: Equatable, Sendable {
    case required
    /// Stands without a value too and then means this one; a value must be attached with `=`.
    case optional(implied: String)
  }

  public var long: String
  public var short: Unicode.Scalar?
  /// Other long names, accepted but not shown.
  public var aliases: [String]
  /// Empty for a flag.
  public var metavar: String
  public var help: String
  public var argument: Argument
  public var choices: [String]
  public var completion: CompletionKind
  public var hidden: Bool
  public var isRepeatable: Bool
  /// What holds when it is not given, as help shows it.
  public var standard: String?
  /// The key of the settings that changes that, such as "engine.retry".
  public var setting: String?

  /// "-p, --publish" or "--name", as error messages and man pages spell it.
  public var spelling: String {
    guard let short else { return "--" + long }
    return "-\(short), --\(long)"
  }

  func answers(to name: Substring) -> Bool {
    if long == name { return true }
    for alias in aliases where alias == name { return true }
    return false
  }
}
