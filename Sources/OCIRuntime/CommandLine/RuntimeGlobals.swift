import CommandLineKit
import LinuxSystem
import Model

/// The options that stand before or after every command's name.
struct RuntimeGlobals: Sendable, Equatable {
  var root: String?
  var log: String?
  var logFormat = "text"
  var logLevel: String?
  var debug = false
  var systemdCgroup = false
  var cgroupManager: String?
  var rootless = "auto"
  var criu: String?

  static var table: [OptionSpec<Self>] {
    [
      .value(
        "root", nil, \.root, "DIR", "Where the state of containers is kept", complete: .directory),
      .value(
        "log", nil, \.log, "FILE", "Where messages go instead of standard error", complete: .file),
      .value(
        "log-format", nil, \.logFormat, "FORMAT", "How messages look", choices: ["text", "json"]),
      .value(
        "log-level", nil, \.logLevel, "LEVEL", "The least message that is told (warning)",
        choices: ["debug", "info", "warn", "warning", "error", "fatal", "panic"]),
      .flag("debug", nil, \.debug, "Tell everything, as --log-level=debug does"),
      .flag("systemd-cgroup", nil, \.systemdCgroup, "Have systemd make the cgroups, as scopes"),
      .value(
        "cgroup-manager", nil, \.cgroupManager, "MANAGER", "Who makes the cgroups",
        choices: ["cgroupfs", "systemd", "disabled"]),
      .value(
        "rootless", nil, \.rootless, "VALUE",
        "Whether a cgroup that may not be made is passed over: false is an error",
        choices: ["true", "false", "auto"]),
      .value(
        "criu", nil, \.criu, "FILE", "The program that checkpoints and restores", complete: .file),
    ]
  }

  /// The file of `--log`, where a path may follow `file:`.
  func logFile() throws(ErrorReport) -> String? {
    guard let log, !log.isEmpty else { return nil }
    guard let colon = log.firstIndex(of: ":"), !log[..<colon].contains("/") else { return log }
    guard log[..<colon] == "file" else {
      throw ErrorReport(
        .invalidRequest, "log `\(log)`: only files are supported",
        hint: "write ./\(log) for a file of that name")
    }
    return String(log[log.index(after: colon)...])
  }

  var messages: RuntimeLog {
    var messages = RuntimeLog()
    // One that is refused has been by now.
    messages.file = try? logFile()
    messages.json = logFormat == "json"
    messages.level = debug ? .debug : logLevel.flatMap { RuntimeLog.Level(named: $0) } ?? .warning
    return messages
  }

  var context: RuntimeContext {
    var context = RuntimeContext()
    context.root = root
    context.systemdCgroup = systemdCgroup || cgroupManager == "systemd"
    context.disablesCgroups = cgroupManager == "disabled"
    context.needsCgroup = rootless == "false"
    context.criu = criu
    let messages = messages
    context.warn = { messages.write(.warning, $0) }
    if messages.level == .debug { context.debug = { messages.write(.debug, $0()) } }
    return context
  }
}

typealias RuntimeCommand = Command<RuntimeGlobals>

/// For commands without options.
struct NoRuntimeOptions: Sendable {}
