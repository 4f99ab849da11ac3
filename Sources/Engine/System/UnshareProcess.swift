import LinuxSystem
import Model
import UserNamespaces

/// `unshare`: a command of the user's own as root in the user namespace of his containers.
public struct UnshareProcess {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Runs the command to its end.
  ///
  /// - Parameter command: a program, looked up in PATH, and its arguments; the user's shell when
  ///   empty.
  /// - Returns: its exit code, 128 plus the signal that ended it.
  /// - Throws: when it cannot be started, with the kind for exit code 126 or 127.
  public func run(_ command: [String]) throws -> Int32 {
    guard context.uid != 0 else {
      throw ErrorReport(
        .invalidRequest, "unshare is for ordinary users: root needs no user namespace")
    }
    let words = command.isEmpty ? [CurrentProcess.environment("SHELL") ?? "/bin/sh"] : command
    var program = Program(try path(of: words[0]), Array(words.dropFirst()))
    program.name = words[0]
    program.environment =
      CurrentProcess.environment + [
        "MARTLET_DATA_ROOT=\(context.dataRoot)",
        "MARTLET_RUNTIME_ROOT=\(context.runtimeRoot)",
      ]
    let child = try context.userNamespace().spawn {
      do throws(SystemError) {
        try program.become()
      } catch {
        return 126
      }
    }
    return try waitForEnd(child).shellStatus
  }

  /// The terminal's signals reach the command by themselves, and it alone decides what they mean;
  /// those that other processes send to us are passed on.
  private func waitForEnd(_ child: borrowing ChildProcess) throws -> ProcessEnd {
    var loop = try EventLoop()
    let signals = try SignalDescriptor([
      SignalSet.hangUp, SignalSet.interrupt, SignalSet.quit, SignalSet.terminate,
    ])
    try loop.add(child.pidfd.raw)
    try loop.add(signals.descriptor.raw)
    while true {
      for ready in try loop.wait(milliseconds: -1).map(\.descriptor) {
        if ready == child.pidfd.raw { return try child.wait() }
        while let (signal, sender) = try signals.receive() {
          // The kernel's own have no sender (sigaction(2), SI_KERNEL). It may have ended since.
          if sender != 0 { try? child.kill(signal) }
        }
      }
    }
  }

  private func path(of name: String) throws(ErrorReport) -> String {
    let path = CurrentProcess.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    if let found = Program.find(name, in: path.split(separator: ":").map(String.init)) {
      return found
    }
    if name.contains("/"), FileTree.exists(name) {
      throw ErrorReport(.commandNotExecutable, "\(name) is not executable")
    }
    throw ErrorReport(.commandNotFound, "\(name): command not found")
  }
}
