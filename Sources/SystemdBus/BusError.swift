public import LinuxSystem
public import Model

/// What goes wrong in talking to systemd.
public enum BusError: ReportableError, Equatable {
  /// No bus to connect to.
  case unreachable(address: String, SystemError)
  /// The bus does not let us in: its words.
  case refused(String)
  /// A method failed at the other side: the error's name and text.
  case remote(name: String, String)
  /// Bytes that are no message: the part that is wrong.
  case malformed(String)
  case timedOut(String)
  /// A unit's job ended otherwise than done.
  case job(unit: String, result: String)
  case system(String, SystemError)
  /// A property that nobody can be asked for.
  case property(String, String)

  public var report: ErrorReport {
    switch self {
    case .unreachable(let address, let error):
      ErrorReport(
        .unavailable, "cannot reach systemd at \(address): \(error.reason)",
        hint: "log in with a systemd user session, or use the cgroupfs manager")
    case .refused(let words): ErrorReport(.notPermitted, "the bus refused us: \(words)")
    case .remote(let name, let text): ErrorReport(.unavailable, "systemd: \(text) (\(name))")
    case .malformed(let part):
      ErrorReport(.unavailable, "the bus sent a message with a bad \(part)")
    case .timedOut(let step): ErrorReport(.unavailable, "systemd did not answer in time: \(step)")
    case .job(let unit, let result):
      ErrorReport(.unavailable, "the systemd job for \(unit) ended as `\(result)`")
    case .system(let step, let error): ErrorReport(.unavailable, "\(step): \(error)")
    case .property(let name, let problem): ErrorReport(.invalidRequest, "\(name): \(problem)")
    }
  }
}
