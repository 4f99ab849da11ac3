public import LinuxSystem
public import Model

/// What can go wrong with state on disk.
public enum StateError: Error, Equatable, Sendable {
  case homeUnset
  case relativePath(variable: String, value: String)
  /// The runtime directory exists but is not safely ours.
  case unsafeDirectory(path: String, reason: String)
  /// Somebody held the lock for the whole time that the caller would wait.
  case lockTimeout(path: String, holder: ObjectLock.Holder?)
  /// A record that cannot be a whole one.
  case damagedRecord(path: String)
  case system(SystemError)
}

extension StateError: ReportableError {
  public var report: ErrorReport {
    switch self {
    case .homeUnset:
      ErrorReport(
        .invalidRequest, "no place for data: HOME is not set",
        hint: "set HOME, or XDG_DATA_HOME to an absolute path")
    case .relativePath(let variable, let value):
      ErrorReport(
        .invalidRequest, "\(variable) is not an absolute path: \(value)",
        hint: "set \(variable) to a path that starts with /")
    case .unsafeDirectory(let path, let reason):
      ErrorReport(
        .notPermitted, "directory \(path) cannot be trusted: \(reason)",
        hint: "remove it, or set XDG_RUNTIME_DIR to a private directory of yours")
    case .lockTimeout(let path, let holder):
      ErrorReport(
        .unavailable,
        holder.map { "\(path) is locked by process \($0.pid) (\($0.command))" }
          ?? "\(path) is locked by another process",
        hint: "wait for that command or end it, then try again")
    case .damagedRecord(let path):
      ErrorReport(.unavailable, "record \(path) is damaged", hint: "run martlet system check")
    case .system(let error): error.stateReport
    }
  }
}

extension SystemError {
  /// How a failed file operation on our own state is told.
  package var stateReport: ErrorReport {
    switch errno {
    case Errno.noSpace, Errno.quota:
      ErrorReport(
        .unavailable, description,
        hint: "free some space, for example with: martlet image prune")
    case Errno.accessDenied, Errno.notPermitted, Errno.readOnly:
      ErrorReport(.notPermitted, description)
    default: ErrorReport(.unavailable, description)
    }
  }
}
