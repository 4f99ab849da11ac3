import LinuxSystem
import Model

extension RuntimeCommands {
  static let exec = RuntimeCommand(
    name: "exec", usage: "exec [--tty] [--user UID[:GID]] [--process FILE] ID [COMMAND [ARG...]]",
    summary: "run a process in a container",
    options: [
      .value("process", "p"), .flag("tty", "t"), .value("cwd"), .value("user", "u"),
      .value("env", "e"), .value("cap", "c"), .value("apparmor"), .flag("detach", "d"),
      .value("pid-file"), .value("preserve-fds"), .value("process-label"),
      .flag("no-new-privs"), .value("cgroup"), .value("console-socket"),
      .value("additional-gids", "g"), .flag("ignore-paused"),
    ], operands: 1...100_000, endsInCommand: true
  ) { (options, operands, context) throws(ErrorReport) in
    let source: ExecProcess.Source
    if let file = options.value("process") {
      source = .file(file)
    } else {
      source = .changes(try changes(options, Array(operands.dropFirst())))
    }
    var exec = ExecProcess(operands[0], source, context: context)
    exec.detach = options.flag("detach")
    exec.pidFile = options.value("pid-file")
    exec.consoleSocket = options.value("console-socket").flatMap { $0.isEmpty ? nil : $0 }
    exec.preservedDescriptors = Int32(clamping: try options.number("preserve-fds") ?? 0)
    exec.cgroup = options.value("cgroup")
    return try reporting { () throws(RuntimeError) in try exec.run() }
  }

  private static func changes(_ options: OptionReader, _ arguments: [String]) throws(ErrorReport)
    -> ExecChanges
  {
    guard !arguments.isEmpty else {
      throw ErrorReport(.invalidRequest, "exec needs a command, or --process")
    }
    var changes = ExecChanges()
    changes.arguments = arguments.first == "--" ? Array(arguments.dropFirst()) : arguments
    changes.environment = options.all("env")
    for entry in changes.environment where !entry.contains("=") {
      throw ErrorReport(.invalidRequest, "option `--env`: `\(entry)` has no `=`")
    }
    changes.workingDirectory = options.value("cwd")
    changes.user = options.value("user")
    changes.capabilities = options.all("cap")
    changes.terminal = options.flag("tty")
    changes.noNewPrivileges = options.flag("no-new-privs")
    changes.apparmorProfile = options.value("apparmor")
    changes.processLabel = options.value("process-label")
    for text in options.all("additional-gids") {
      guard let gid = UInt32(text) else {
        throw ErrorReport(.invalidRequest, "option `--additional-gids`: `\(text)` is not a number")
      }
      changes.additionalGids.append(gid)
    }
    return changes
  }
}
