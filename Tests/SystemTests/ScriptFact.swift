import TestSupport
import Testing

/// One line of a table: a shell script and what it prints.
///
/// To the script `m` is the program under test, `run` a container without a network, and `IMAGE` the demo
/// image.
struct ScriptFact: CustomTestStringConvertible, Sendable {
  let name: String
  let script: String
  let output: String

  init(_ name: String, _ script: String, _ output: String) {
    self.name = name
    self.script = script
    self.output = output
  }

  var testDescription: String { name }

  /// Runs the script, whose own exit code counts for nothing.
  func run(in session: Session) throws -> CommandResult {
    try session.shell(
      """
      m() { "$MARTLET" "$@"; }
      run() { "$MARTLET" run --network none "$@"; }
      IMAGE=\(Session.image)
      \(script)
      :
      """)
  }
}
