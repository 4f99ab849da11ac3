import Diagnostics
import LinuxSystem

/// What `--log-level` and `--debug` ask for, before any command runs.
public struct LogLevelChoice {
  private let name: String?
  private let debugs: Bool

  /// `name`: a level's, nil when none was given; `debugs`: docker's switch for `debug`.
  public init(_ name: String?, debugs: Bool) {
    self.name = name
    self.debugs = debugs
  }

  /// What is wrong with them, in podman's words; the program ends with 1 then, as podman and docker
  /// do.
  public var refusal: String? {
    guard let name else { return nil }
    if debugs { return "Setting --log-level and --debug is not allowed" }
    if Log.Level(name: name) != nil { return nil }
    let known = Log.Level.allCases.map(\.rawValue).joined(separator: ", ")
    return "Log Level \"\(name)\" is not supported, choose from: \(known)"
  }

  /// Tells whoever wants to know what is about to run.
  public func tell() {
    guard let level = debugs ? .debug : name.flatMap(Log.Level.init(name:)) else { return }
    let log = Log(level)
    log.info("filtering messages", ["level": level.rawValue])
    log.debug("command line", ["words": CurrentProcess.arguments.joined(separator: " ")])
    for name in ["XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME", "TMPDIR"] {
      guard let value = CurrentProcess.environment(name) else { continue }
      log.trace("environment", ["name": name, "value": value])
    }
  }
}
