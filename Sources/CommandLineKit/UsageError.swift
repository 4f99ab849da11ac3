/// What was wrong with the words of a command line, for exit code 125.
public struct UsageError: Error, Equatable, Sendable {
  public var message: String
  /// The exact fix, or where to read about it.
  public var hint: String?

  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}
