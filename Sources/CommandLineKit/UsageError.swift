public import Model

/// What was wrong with the words of a command line, for exit code 125.
public struct UsageError: Error, Equatable, Sendable {
  public let message: String
  public let advice: Advice?
  /// The advice in words, if there is one.
  public var hint: String? { advice?.text }

  /// `hint`: the exact fix, if there is one.
  public init(_ message: String, hint: String? = nil) {
    self.init(message, advice: hint.map { .hint($0) })
  }

  public init(_ message: String, advice: Advice?) {
    self.message = message
    self.advice = advice
  }
}
