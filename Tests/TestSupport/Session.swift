import FoundationEssentials
import Glibc

/// One test's use of the product: commands with an expected exit code, and a look for leaks.
///
/// All sessions of a run share one image store, see `Home`.
public struct Session {
  /// The image that every test may use: busybox, made by contrib/demo-image.
  public static let image = "localhost/martlet-demo:latest"

  public let home: Home
  /// An empty directory of this session alone.
  public let directory: String
  private let before: Census

  /// Runs `body` in a session, removes what it left and fails when anything outlives that.
  public static func run(_ body: (Session) throws -> Void) throws {
    let session = try Session(home: Home.shared.get())
    do {
      try body(session)
    } catch {
      session.removeContainers()
      throw error
    }
    session.removeContainers()
    try session.checkForLeaks()
    try FileManager.default.removeItem(atPath: session.directory)
  }

  private init(home: Home) throws {
    self.home = home
    directory = home.base + "/s" + UUID().uuidString.prefix(6)
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false)
    before = home.census()
  }

  /// The program under test without arguments, for tests that start it in their own way.
  public var program: Program { home.martlet([], in: directory) }

  /// False where a foreign runtime or tool words the errors about the command itself.
  public var wordsItsErrors: Bool { !home.machine.isPeer && Machine.runtime == nil }

  /// Runs the program under test; another exit code than `exit` throws with the whole log.
  @discardableResult
  public func martlet(
    _ arguments: String..., exit: Int32 = 0, input: String = "",
    environment: [String: String] = [:]
  ) throws -> CommandResult {
    try martlet(arguments, exit: exit, input: input, environment: environment)
  }

  /// The same with the words in an array.
  @discardableResult
  public func martlet(
    _ arguments: [String], exit: Int32 = 0, input: String = "",
    environment: [String: String] = [:]
  ) throws -> CommandResult {
    let result = try home.martlet(arguments, in: directory, environment: environment)
      .run(input: input)
    guard result.exitCode == exit else { throw UnexpectedExit(result: result, expected: exit) }
    return result
  }

  /// Starts the program under test and returns while it runs.
  public func start(_ arguments: String..., input: String = "") throws -> RunningProgram {
    try home.martlet(arguments, in: directory).start(input: input)
  }

  /// Starts the program under test as the leader of a process group.
  public func startGroup(_ arguments: [String], environment: [String: String] = [:]) throws
    -> RunningProgram
  {
    var program = home.martlet(arguments, in: directory, environment: environment)
    program.leadsGroup = true
    return try program.start()
  }

  /// Runs the program under test on a terminal of 33 rows and 77 columns (script(1) makes it).
  ///
  /// Output has CR LF line ends.
  public func martletOnTerminal(_ arguments: String...) throws -> CommandResult {
    let program = home.martlet(arguments, in: directory)
    let words = ([program.path] + program.arguments).map { word in
      "'" + word.replacing("'", with: "'\\''") + "'"
    }
    let line = "stty rows 33 columns 77 && exec " + words.joined(separator: " ")
    return try Program(
      path: "script", arguments: ["-qec", line, "/dev/null"],
      environment: program.environment, directory: directory
    ).run()
  }

  /// Runs another program of the machine with the session's environment; its exit code must be 0.
  @discardableResult
  public func tool(
    _ name: String, _ arguments: String..., deadline: Duration = .seconds(60)
  ) throws -> CommandResult {
    try tool(name, arguments, deadline: deadline)
  }

  /// The same with the words in an array.
  @discardableResult
  public func tool(
    _ name: String, _ arguments: [String], deadline: Duration = .seconds(60)
  ) throws -> CommandResult {
    let result = try Program(
      path: name, arguments: arguments, environment: home.environment, directory: directory
    ).run(deadline: deadline)
    guard result.exitCode == 0 else { throw UnexpectedExit(result: result, expected: 0) }
    return result
  }

  /// Runs a shell script, to which the program under test is `$MARTLET`; its exit code must be 0.
  @discardableResult
  public func shell(_ script: String) throws -> CommandResult {
    var environment = home.environment
    environment["MARTLET"] = home.machine.martlet
    let result = try Program(
      path: "sh", arguments: ["-c", script], environment: environment, directory: directory
    ).run()
    guard result.exitCode == 0 else { throw UnexpectedExit(result: result, expected: 0) }
    return result
  }

  /// Writes a file below the session's directory and returns its path.
  public func write(_ text: String, to name: String) throws -> String {
    let path = directory + "/" + name
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Starts a container that stays until it is told to stop, and returns its id.
  public func startSleeper(name: String, _ flags: String...) throws -> String {
    let result = try martlet(
      ["run", "-d", "--network", "none", "--name", name] + flags + [Session.image, "sleep", "300"])
    return result.output
  }

  /// A field of a container by `inspect --format`.
  public func inspect(_ name: String, _ template: String) throws -> String {
    try martlet("inspect", "--format", template, name).output
  }

  private func removeContainers() {
    // Failure shows in the leak check that follows.
    _ = try? home.martlet(["rm", "-f", "-a", "-t", "0"], in: directory).run()
  }

  private func checkForLeaks() throws {
    var leaks: [String] = []
    let gone = Poll.until(deadline: .seconds(60)) {
      leaks = home.census().added(since: before)
      return leaks.isEmpty
    }
    if !gone { throw LeakFound(leaks: leaks) }
  }
}

/// A command that ended with another exit code than the test expects.
public struct UnexpectedExit: Error, CustomStringConvertible {
  public let result: CommandResult
  let expected: Int32

  public init(result: CommandResult, expected: Int32) {
    self.result = result
    self.expected = expected
  }

  public var description: String { "expected exit code \(expected):\n\(result.transcript)" }
}

/// What a test left behind.
public struct LeakFound: Error, CustomStringConvertible {
  let leaks: [String]
  public var description: String {
    "left behind after `rm -f -a`:\n" + leaks.joined(separator: "\n")
  }
}
