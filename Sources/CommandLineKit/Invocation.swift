/// What a command's `run` gets beside its options.
public struct Invocation<Globals: Sendable>: Sendable {
  public let globals: Globals
  /// The words after the options, in order.
  public let arguments: [String]
  /// How the user reached the command: "martlet container kill".
  public let path: String

  public init(globals: Globals, arguments: [String], path: String) {
    self.globals = globals
    self.arguments = arguments
    self.path = path
  }
}
