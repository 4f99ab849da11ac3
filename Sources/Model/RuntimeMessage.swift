/// The class of an OCI runtime's failure.
///
/// Runtimes have no machine-readable errors in common, so here, and only here, it is read from the
/// words: those of crun, runc and our own.
public enum RuntimeMessage {
  public static func kind(of text: String) -> ErrorReport.Kind {
    let lowered = text.lowercased()
    if lowered.contains("not found in $path") { return .commandNotFound }
    // What `--runtime-flag` said: podman's answer, and docker has no such option.
    if wrongFlags.contains(where: lowered.contains) { return .commandNotExecutable }
    let executes = [
      "executable file", "exec: ", "exec ", "cannot execute", "cannot run", "open executable",
      "stat ", "chdir ",
    ].contains { lowered.contains($0) }
    guard executes else { return .unavailable }
    if lowered.contains("no such file") || lowered.contains("not found") { return .commandNotFound }
    let refusals = [
      "permission denied", "operation not permitted", "is a directory", "exec format error",
      "not executable",
    ]
    return refusals.contains { lowered.contains($0) } ? .commandNotExecutable : .unavailable
  }

  /// How our own runtime, crun and runc begin to tell of an option that they do not know.
  private static let wrongFlags = [
    "unknown flag: ", "unrecognized option ", "flag provided but not defined: ",
  ]
}
