public import LinuxSystem
public import Model

/// Why a monitor could not bring its container up.
public enum MonitorError: Error, Equatable, Sendable {
  case badOrder(String)
  /// Something of the monitor's own failed: what it was doing, and the call.
  case system(doing: String, SystemError)
  /// The runtime refused.
  case runtime(ErrorReport)
  /// The network helper failed.
  case network(ErrorReport)
  /// It was told to stop before the container ran.
  case stopped
}

extension MonitorError: ReportableError {
  public var report: ErrorReport {
    switch self {
    case .badOrder(let why): ErrorReport(.bug, "the monitor's order cannot be read: \(why)")
    case .system(let doing, let error): ErrorReport(.unavailable, "\(doing): \(error)")
    case .runtime(let report), .network(let report): report
    case .stopped: ErrorReport(.conflict, "the container was stopped before it started")
    }
  }

  /// The exit code that a container gets which could not be started.
  var exitCode: Int32 {
    switch report.kind {
    case .commandNotFound: 127
    case .commandNotExecutable: 126
    default: self == .stopped ? 137 : 125
    }
  }
}

/// Calls `body`, giving a kernel error the step that it belongs to.
func step<Result: ~Copyable>(
  _ doing: @autoclosure () -> String, _ body: () throws(SystemError) -> Result
) throws(MonitorError) -> Result {
  do throws(SystemError) { return try body() } catch {
    throw MonitorError.system(doing: doing(), error)
  }
}
