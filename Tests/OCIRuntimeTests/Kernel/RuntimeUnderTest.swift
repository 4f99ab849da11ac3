import Glibc
import LinuxSystem
import Testing

/// The built runtime, or the one that RUNTIME names: what a reference fails is a wrong test.
enum RuntimeUnderTest {
  static let path: String? = {
    if let named = CurrentProcess.environment("RUNTIME") {
      return Program.find(named, in: Program.systemDirectories)
    }
    guard let test = try? CurrentProcess.executablePath(),
      let slash = test.lastIndex(of: "/")
    else { return nil }
    let built = "\(test[..<slash])/martlet-oci"
    return FileTree.isExecutable(built) ? built : nil
  }()

  static var isReference: Bool { CurrentProcess.environment("RUNTIME") != nil }

  static let busybox = Program.find("busybox", in: ["/bin", "/usr/bin"])

  /// Root, a built runtime and a static shell.
  static var isUsable: Bool {
    path != nil && busybox != nil && CurrentProcess.effectiveUser == 0
  }
}

struct CommandOutcome {
  var status: Int32
  var output: String
  var errors: String
}

/// Runs programs from a test process, which has threads: posix_spawn(3), never a bare clone.
enum CommandRunner {
  struct Failed: Error {}

  /// `inherited` is descriptors that the program gets under these numbers.
  ///
  /// `waits` is false returns at once, for programs whose children keep the output open.
  static func run(
    _ path: String, _ arguments: [String], in directory: String,
    inherited: [(child: Int32, ours: Int32)] = []
  ) throws -> CommandOutcome {
    let out = "\(directory)/.out"
    let err = "\(directory)/.err"
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    for entry in inherited {
      unsafe posix_spawn_file_actions_adddup2(&actions, entry.ours, entry.child)
    }
    let argv = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe argv.forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let failed = unsafe argv.withUnsafeBufferPointer {
      guard let start = $0.baseAddress else { return EINVAL }
      return unsafe posix_spawn(&pid, path, &actions, nil, start, environ)
    }
    guard failed == 0 else { throw Failed() }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    return CommandOutcome(
      status: code, output: try FileTree.readText(out), errors: try FileTree.readText(err))
  }
}
