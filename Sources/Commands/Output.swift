import CommandLineKit
import Engine
import LinuxSystem
public import Model

/// Standard output: results only.
public enum Output {
  /// Writes all of it.
  ///
  /// A reader that has gone away ends the program quietly, as `| head` expects.
  public static func write(_ text: String) throws {
    do throws(SystemError) {
      try Descriptor.writeAll(Descriptor.standardOutput, text)
    } catch {
      if error.errno == Errno.brokenPipe { CurrentProcess.exitNow(0) }
      throw ErrorReport(.unavailable, "writing standard output: \(error.reason)")
    }
  }

  public static func line(_ text: String) throws { try write(text + "\n") }
}

/// Standard error: progress, warnings and errors.
///
/// What cannot be written there is lost on purpose.
public enum Message {
  public static func warn(_ text: String) { line("martlet: warning: \(terminalSafe(text))") }

  public static func note(_ text: String) { line(terminalSafe(text)) }

  /// `Error: …`, as podman and docker begin it, and, where there is one, a `hint:` line.
  ///
  /// Where all there is to say is which page to read, podman's words for it.
  public static func fail(_ report: ErrorReport) {
    line("Error: \(terminalSafe(report.message))")
    switch report.advice {
    case nil: break
    case .help(let command)?: line("See '\(terminalSafe(command)) --help'")
    case .hint(let hint)?: line("hint: \(terminalSafe(hint))")
    }
  }

  /// Text that is safe for a terminal already, or that means to move its cursor.
  static func put(_ text: String) { try? Descriptor.writeAll(Descriptor.standardError, text) }

  private static func line(_ text: String) { put(text + "\n") }
}

/// How a command ends that failed: what it says and its exit code.
public enum CommandFailure {
  /// Tells the user and gives the exit code.
  public static func end(_ error: any Error) -> Int32 {
    let report = report(of: error)
    Message.fail(report)
    return exitCode(report.kind)
  }

  public static func report(of error: any Error) -> ErrorReport {
    if let error = error as? UsageError {
      return ErrorReport(.invalidRequest, error.message, advice: error.advice)
    }
    return reportOf(error)
  }

  public static func exitCode(_ kind: ErrorReport.Kind) -> Int32 {
    switch kind {
    case .commandNotFound: 127
    case .commandNotExecutable: 126
    case .invalidRequest, .notFound, .conflict, .notPermitted, .unavailable, .bug: 125
    }
  }
}
