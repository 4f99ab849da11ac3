public import LinuxSystem
public import Model

/// Why a user namespace could not be had.
public enum UserNamespaceError: ReportableError {
  case system(SystemError)
  /// No range in /etc/subuid or /etc/subgid for the user.
  case noSubordinateIDs(file: String, user: String)
  case helperMissing(String)
  /// newuidmap or newgidmap has neither the setuid bit nor file capabilities.
  case helperPowerless(path: String)
  /// newuidmap or newgidmap refused: its own words.
  case mappingRefused(helper: String, complaint: String)
  case subidHelper(String)
  /// The kernel or an administrator's setting forbids user namespaces.
  case forbidden(SystemError, setting: String?)
  /// The child ended before it was mapped.
  case childLost

  public var report: ErrorReport {
    switch self {
    case .system(let error):
      ErrorReport(.unavailable, "cannot set up the user namespace: \(error)")
    case .noSubordinateIDs(let file, let user):
      ErrorReport(
        .unavailable, "no subordinate ids for user \(user) in \(file)",
        hint: "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \(user)")
    case .helperMissing(let name):
      ErrorReport(
        .unavailable, "\(name) is not installed", hint: "sudo apt-get install uidmap")
    case .helperPowerless(let path):
      ErrorReport(
        .unavailable, "\(path.split(separator: "/").last ?? "newuidmap") is not setuid root",
        hint: "sudo chmod u+s \(path)")
    case .mappingRefused(let helper, let complaint):
      ErrorReport(
        .unavailable, "\(helper) refused the id mapping: \(complaint)",
        hint: "check that \(helper) is setuid root and /etc/subuid and /etc/subgid list your user")
    case .subidHelper(let text):
      ErrorReport(.unavailable, "martlet-subid failed: \(text)")
    case .forbidden(let error, let setting):
      ErrorReport(
        .unavailable, "user namespaces are not permitted here: \(error)",
        hint: setting.map { "sudo sysctl -w \($0)" })
    case .childLost:
      ErrorReport(.bug, "the process for the user namespace ended before it was mapped")
    }
  }
}
