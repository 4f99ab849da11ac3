import Glibc

/// A program between its start and its end.
public struct RunningProgram: Sendable {
  public let processID: Int32
  let command: [String]
  let scratch: ScratchFiles

  /// What it has written to standard output so far.
  public var outputSoFar: String { scratch.outputText }

  /// Sends a signal to this one process.
  public func send(_ signal: Int32) { _ = kill(processID, signal) }

  /// Sends a signal to it and to everything else in the group that it leads.
  public func sendGroup(_ signal: Int32) { _ = kill(-processID, signal) }

  /// Sends a signal to its children alone; whether there was one.
  @discardableResult
  public func sendChildren(_ signal: Int32) -> Bool {
    let children = Census.children(of: processID)
    for child in children { _ = kill(child, signal) }
    return !children.isEmpty
  }

  /// Waits for the end, collects the output and removes the files that held it.
  public func wait(deadline: Duration = .seconds(60)) throws(ProgramError) -> CommandResult {
    var status: Int32 = 0
    let ended = Poll.until(deadline: deadline) {
      unsafe waitpid(processID, &status, WNOHANG) == processID
    }
    if !ended {
      kill(processID, SIGKILL)
      unsafe waitpid(processID, &status, 0)
    }
    let result = CommandResult(
      command: command, exitCode: Self.exitCode(of: status), standardOutput: scratch.outputText,
      standardError: scratch.errorText)
    scratch.remove()
    if !ended { throw .stillRunning(result, after: deadline) }
    return result
  }

  /// The shell's way to put a wait status in one number (wait(2)).
  private static func exitCode(of status: Int32) -> Int32 {
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }
}
