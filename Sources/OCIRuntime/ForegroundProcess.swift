import LinuxSystem

/// Waits for a container's process in the foreground: signals go to it, and its terminal is ours.
struct ForegroundProcess {
  /// The master side of its terminal, or -1.
  var terminal: Int32

  func wait(for child: borrowing ChildProcess) throws(RuntimeError) -> ProcessEnd {
    try during("wait for the process") { () throws(SystemError) in
      try TerminalRelay(terminal: terminal).relay(child)
    }
  }
}
