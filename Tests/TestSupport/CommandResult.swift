/// What a finished program left: its exit code and everything it wrote.
public struct CommandResult: Sendable {
  /// The words it was started with.
  public let command: [String]
  /// The exit code, or 128 + signal when a signal ended it, as a shell says it.
  public let exitCode: Int32
  public let standardOutput: String
  public let standardError: String

  /// Standard output without the final line end.
  public var output: String {
    standardOutput.hasSuffix("\n") ? String(standardOutput.dropLast()) : standardOutput
  }

  /// Standard output's lines, without empty ones.
  public var lines: [String] { standardOutput.split(separator: "\n").map(String.init) }

  /// The whole story, for failure messages.
  public var transcript: String {
    """
    $ \(command.joined(separator: " "))
    exit code \(exitCode)
    --- stdout
    \(standardOutput)--- stderr
    \(standardError)---
    """
  }
}
