public import LinuxSystem
public import Model
public import OCISpec

/// What goes wrong in the runtime.
public enum RuntimeError: ReportableError, Equatable {
  /// A document that is not what the specification says: the file and the field.
  case badDocument(file: String, SpecError)
  /// A field whose value cannot be carried out, and why.
  case unusable(field: String, String)
  /// A step failed in the kernel: what was being done.
  case system(String, SystemError)
  case invalidID(String)
  case idInUse(String)
  case noContainer(String)
  case wrongState(id: String, status: String, needed: String)
  case notRunning(String)
  case noExec(id: String, status: String)
  case commandNotFound(String)
  /// The program is there, and what it needs to run is not.
  case noInterpreter(String)
  case commandNotExecutable(String, String)
  case hook(kind: String, index: Int, path: String, String)
  /// A message that another process of ours sent, already complete.
  case reported(ErrorReport)

  public var report: ErrorReport {
    switch self {
    case .badDocument(let file, let error):
      ErrorReport(.invalidRequest, "\(file): \(error)")
    case .unusable(let field, let problem):
      ErrorReport(.invalidRequest, "\(field): \(problem)")
    case .system(let step, let error):
      ErrorReport(Self.kind(of: error), "\(step): \(error)")
    case .invalidID(let id):
      ErrorReport(
        .invalidRequest, "invalid container id `\(id)`",
        hint: "use letters, digits, `_`, `+`, `-` and `.`, starting with a letter or digit")
    case .idInUse(let id):
      ErrorReport(.conflict, "container `\(id)` already exists")
    case .noContainer(let id):
      ErrorReport(.notFound, "container `\(id)` does not exist")
    case .wrongState(let id, let status, let needed):
      ErrorReport(.conflict, "container `\(id)` is \(status), not \(needed)")
    case .notRunning(let id):
      // containerd takes these words for an end that it has not heard of yet.
      ErrorReport(.conflict, "container not running: `\(id)` is stopped")
    case .noExec(let id, let status):
      ErrorReport(
        .conflict, "cannot exec in a \(status) container: `\(id)`",
        hint: status == "paused" ? "resume it, or use --ignore-paused" : nil)
    case .commandNotFound(let name):
      // Podman and Docker recognise these words and exit with 127.
      ErrorReport(
        .commandNotFound,
        "executable file `\(name)` not found in $PATH: No such file or directory")
    case .noInterpreter(let name):
      ErrorReport(
        .commandNotFound,
        "exec \(name): no such file or directory (its interpreter or dynamic loader is missing)")
    case .commandNotExecutable(let name, let problem):
      ErrorReport(.commandNotExecutable, "cannot exec `\(name)`: \(problem)")
    case .hook(let kind, let index, let path, let problem):
      // The words up to the colon are runc's.
      ErrorReport(.invalidRequest, "error running \(kind) hook #\(index): `\(path)` \(problem)")
    case .reported(let report): report
    }
  }

  private static func kind(of error: SystemError) -> ErrorReport.Kind {
    switch error.errno {
    case Errno.notPermitted, Errno.accessDenied: .notPermitted
    case Errno.noEntry: .notFound
    default: .unavailable
    }
  }
}

/// Runs kernel calls, giving a failure the name of the step it belongs to.
func during<Result: ~Copyable>(
  _ step: @autoclosure () -> String, _ body: () throws(SystemError) -> Result
) throws(RuntimeError) -> Result {
  do throws(SystemError) { return try body() } catch { throw .system(step(), error) }
}
