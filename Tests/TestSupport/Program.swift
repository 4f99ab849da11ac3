import Glibc

/// A child program: started with posix_spawn, its output collected in files, so that no pipe can
/// fill up and no thread is needed to drain it.
public struct Program: Sendable {
  public let path: String
  public let arguments: [String]
  public let environment: [String: String]
  public let directory: String
  /// Whether it leads a process group of its own, so that it can be killed with all its helpers.
  public var leadsGroup = false

  public init(
    path: String, arguments: [String], environment: [String: String], directory: String
  ) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }

  /// Starts the program, gives it `input` as standard input and waits for its end.
  ///
  /// A program that is still there after `deadline` is killed, and the error says so.
  public func run(input: String = "", deadline: Duration = .seconds(60)) throws(ProgramError)
    -> CommandResult
  {
    try start(input: input).wait(deadline: deadline)
  }

  /// Starts the program and returns at once.
  public func start(input: String = "") throws(ProgramError) -> RunningProgram {
    let scratch = try ScratchFiles(in: directory, input: input)
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, scratch.input, O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(
      &actions, 1, scratch.output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    unsafe posix_spawn_file_actions_addopen(
      &actions, 2, scratch.error, O_WRONLY | O_CREAT | O_APPEND, 0o600)

    let words = [path] + arguments
    // env(1) changes the directory: Swift sees no posix_spawn(3) action that would.
    var argv = unsafe (["env", "-C", directory] + words).map { unsafe strdup($0) } + [nil]
    var envp = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer {
      unsafe argv.forEach { unsafe free($0) }
      unsafe envp.forEach { unsafe free($0) }
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // The threads that tests run on may have all signals blocked, which a child would inherit.
    var mask = sigset_t()
    unsafe sigemptyset(&mask)
    unsafe posix_spawnattr_setsigmask(&attributes, &mask)
    let flags = POSIX_SPAWN_SETSIGMASK | (leadsGroup ? POSIX_SPAWN_SETPGROUP : 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    var child: pid_t = 0
    let status = unsafe posix_spawnp(&child, "env", &actions, &attributes, &argv, &envp)
    guard status == 0 else {
      scratch.remove()
      throw .cannotStart(program: path, errno: status)
    }
    return RunningProgram(processID: child, command: words, scratch: scratch)
  }
}

/// Why a program gave no result.
public enum ProgramError: Error, CustomStringConvertible {
  case cannotStart(program: String, errno: Int32)
  case cannotWrite(path: String, errno: Int32)
  case stillRunning(CommandResult, after: Duration)

  public var description: String {
    switch self {
    case .cannotStart(let program, let errno): "cannot start \(program): errno \(errno)"
    case .cannotWrite(let path, let errno): "cannot write \(path): errno \(errno)"
    case .stillRunning(let result, let deadline):
      "killed, it was still running after \(deadline):\n\(result.transcript)"
    }
  }
}
