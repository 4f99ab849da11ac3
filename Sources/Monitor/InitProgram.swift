import LinuxSystem

/// `--init`: the first process of a container that runs its command as a child, passes signals on and
/// reaps what is orphaned; it ends with the command's exit code.
///
/// The monitor's binary is mounted into the container for it, read-only, so nothing needs to be
/// installed in images.
public enum InitProgram {
  /// The command after `--init --`, if this is how the program was called.
  public static var command: [String]? {
    let arguments = CurrentProcess.arguments
    guard arguments.count > 3, arguments[1] == "--init", arguments[2] == "--" else { return nil }
    return Array(arguments.dropFirst(3))
  }

  public static func run(_ command: [String]) -> Never {
    guard let path = Program.find(command[0], in: CurrentProcess.searchPath) else {
      fail("executable file `\(command[0])` not found in $PATH", 127)
    }
    var program = Program(path, Array(command.dropFirst()))
    program.name = command[0]
    do throws(SystemError) {
      let signals = try SignalDescriptor()
      let child = try program.start()
      CurrentProcess.exitNow(try wait(for: child, signals))
    } catch {
      fail("\(error)", error.call != "execve" ? 125 : error.errno == Errno.noEntry ? 127 : 126)
    }
  }

  private static func wait(for child: borrowing ChildProcess, _ signals: borrowing SignalDescriptor)
    throws(SystemError) -> Int32
  {
    while true {
      _ = try Descriptor.waitReadable(signals.descriptor.raw, milliseconds: -1)
      while let signal = try signals.next() {
        guard signal == SignalDescriptor.childEnded else {
          // It may have ended already.
          try? child.kill(signal)
          continue
        }
        while let (pid, end) = try ChildProcess.reapAny() {
          if pid == child.pid { return end.shellStatus }
        }
      }
    }
  }

  private static func fail(_ message: String, _ status: Int32) -> Never {
    try? Descriptor.writeAll(Descriptor.standardError, "martlet-init: \(message)\n")
    CurrentProcess.exitNow(status)
  }
}
