import LinuxSystem
import Model

/// The name that the program was called by.
///
/// Under a link called `podman` it is taken for that: what calls podman by name looks at the version
/// (kind wants 1.8.0 at least), and at the name before it.
public enum CalledName: String, Sendable {
  case martlet, podman

  public static let current = Self(program: CurrentProcess.arguments.first ?? "")

  /// `program`: a path, or a name alone.
  public init(program: String) {
    self = program.split(separator: "/").last.flatMap { Self(rawValue: String($0)) } ?? .martlet
  }

  /// The version that goes with the name.
  public var version: String {
    switch self {
    case .martlet: MartletVersion.text
    case .podman: MartletVersion.podman
    }
  }

  /// Why a command that mounts for its caller cannot do so; `command`: its words after the name.
  ///
  /// In podman's words.
  func refusal(of command: String, hint: String) -> ErrorReport {
    ErrorReport(
      .invalidRequest,
      "cannot run command \"\(rawValue) \(command)\" in rootless mode, must execute "
        + "`\(rawValue) unshare` first", hint: hint)
  }
}
