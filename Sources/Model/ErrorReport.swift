/// What a failed operation tells whoever asked for it: shown as `martlet: error: <message>` and a
/// `hint:` line, or as an HTTP or gRPC status by the API surfaces.
public struct ErrorReport: Error, Equatable, Sendable {
  /// The class of failure; every surface maps it to its own codes exactly once.
  public enum Kind: String, Sendable {
    case invalidRequest, notFound, conflict, notPermitted, unavailable
    /// The container's command exists but cannot be invoked (exit code 126).
    case commandNotExecutable
    /// The container's command does not exist (exit code 127).
    case commandNotFound
    /// A state that should be impossible.
    case bug
  }

  public let kind: Kind
  /// What failed and on what: lower case, no period.
  public let message: String
  public let advice: Advice?
  /// The advice in words, if there is one.
  public var hint: String? { advice?.text }

  /// `hint`: the exact thing to do about it, if there is one.
  public init(_ kind: Kind, _ message: String, hint: String? = nil) {
    self.init(kind, message, advice: hint.map { .hint($0) })
  }

  public init(_ kind: Kind, _ message: String, advice: Advice?) {
    self.kind = kind
    self.message = message
    self.advice = advice
  }
}

/// An error that knows how to present itself to the user.
public protocol ReportableError: Error {
  var report: ErrorReport { get }
}

extension ErrorReport: ReportableError {
  public var report: ErrorReport { self }
}
