/// What is said of a failure besides what it was.
public enum Advice: Equatable, Sendable {
  /// The exact thing to do about it.
  case hint(String)
  /// All there is to say is whose help to read: a command with the words before it, `martlet run`.
  case help(command: String)

  /// The same as a hint of words.
  public var text: String {
    switch self {
    case .hint(let text): text
    case .help(let command): "see '\(command) --help'"
    }
  }
}
