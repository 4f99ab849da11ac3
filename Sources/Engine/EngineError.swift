import LinuxSystem
public import Model
import OCISpec

/// What an operation on containers and images can fail with.
public enum EngineError: ReportableError {
  case noSuchContainer(String)
  case ambiguousContainer(String, [String])
  case nameInUse(String, by: String)
  case invalidName(String)
  case notRunning(String, state: String)
  case alreadyRunning(String)
  case running(String, state: String)
  case paused(String)
  case notPaused(String, state: String)
  case hasDependents(String, [String])
  case monitorEnded(String)
  /// What the monitor or the runtime reported.
  case failed(ErrorReport)

  public var report: ErrorReport {
    switch self {
    case .noSuchContainer(let name):
      ErrorReport(
        .notFound, "no container with name or ID \"\(name)\" found: no such container")
    case .ambiguousContainer(let prefix, let matches):
      ErrorReport(
        .invalidRequest,
        "\"\(prefix)\" is the start of more than one container id: \(matches.joined(separator: ", "))",
        hint: "give more digits")
    case .nameInUse(let name, let id):
      ErrorReport(
        .conflict,
        "creating container: the container name \"\(name)\" is already in use by \(id)",
        hint: "remove that container first, or use --replace")
    case .invalidName(let name):
      ErrorReport(
        .invalidRequest,
        "container name \"\(name)\" is not valid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*")
    case .notRunning(let name, let state):
      ErrorReport(.conflict, "container \(name) is not running: its state is \(state)")
    case .alreadyRunning(let name):
      ErrorReport(.conflict, "container \(name) is already running")
    case .running(let id, let state):
      ErrorReport(
        .conflict,
        "cannot remove container \(id) as it is \(state) - running or paused containers cannot be "
          + "removed without force: container state improper")
    case .paused(let name):
      ErrorReport(
        .conflict, "container \(name) is paused", hint: "resume it first: martlet unpause \(name)")
    case .notPaused(let name, let state):
      ErrorReport(.conflict, "container \(name) is not paused: its state is \(state)")
    case .hasDependents(let name, let others):
      ErrorReport(
        .conflict,
        "container \(name) has dependent containers which must be removed before it: "
          + others.joined(separator: ", "), hint: "use --depend to remove them too")
    case .monitorEnded(let name):
      ErrorReport(.unavailable, "the monitor of container \(name) ended unexpectedly")
    case .failed(let report): report
    }
  }
}

/// Any error as a report: the one place where kernel errors without a better meaning end up.
public func reportOf(_ error: any Error) -> ErrorReport {
  switch error {
  case let error as any ReportableError: error.report
  case let error as SystemError:
    ErrorReport(
      .unavailable, error.description,
      hint: error.errno == Errno.noSpace
        ? "the disk is full: free some space, for example with martlet rm or martlet rmi" : nil)
  case let error as SpecError: ErrorReport(.invalidRequest, error.description)
  default: ErrorReport(.bug, "\(error)", hint: "this is a bug: please report it")
  }
}
