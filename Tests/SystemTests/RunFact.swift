import TestSupport
import Testing

/// One line of a table: `run --rm FLAGS demo-image COMMAND` and what comes out.
struct RunFact: CustomTestStringConvertible, Sendable {
  let name: String
  let flags: [String]
  let command: [String]
  let input: String
  let exit: Int32
  let output: String
  /// Words that standard error must contain; the fix and the cause, not the exact sentence.
  let complaint: String

  init(
    _ name: String, _ flags: [String], _ command: [String], input: String = "",
    exit: Int32 = 0, output: String = "", complaint: String = ""
  ) {
    self.name = name
    self.flags = flags
    self.command = command
    self.input = input
    self.exit = exit
    self.output = output
    self.complaint = complaint
  }

  /// A command without flags.
  init(
    _ name: String, _ command: [String], input: String = "", exit: Int32 = 0, output: String = "",
    complaint: String = ""
  ) {
    self.init(
      name, [], command, input: input, exit: exit, output: output, complaint: complaint)
  }

  /// A shell script as the command.
  init(
    _ name: String, _ flags: [String] = [], script: String, exit: Int32 = 0, output: String = ""
  ) {
    self.init(name, flags, ["sh", "-c", script], exit: exit, output: output)
  }

  var testDescription: String { name }

  /// Runs it and compares; `--rm` must have left no container.
  func check() throws {
    try Session.run { session in
      let network = flags.contains { $0.hasPrefix("--net") } ? [] : ["--network", "none"]
      let result = try session.martlet(
        ["run", "--rm"] + network + flags + [Session.image] + command, exit: exit, input: input,
        environment: ["MARTLET_TEST_VARIABLE": "from the caller"])
      #expect(result.output == output, "\(result.transcript)")
      if session.wordsItsErrors {
        #expect(result.standardError.contains(complaint), "\(result.transcript)")
      }
      #expect(try session.martlet("ps", "-a", "-q").output == "")
    }
  }
}
