import CommandLineKit
import LinuxSystem
import Model

extension RuntimeCommands {
  struct Execution: Sendable {
    var process: String?
    var detach = false
    var pidFile: String?
    var consoleSocket: String?
    var pidfdSocket: String?
    var preservedDescriptors = 0
    var cgroup: String?
    var ignorePaused = false
    var changes = ExecChanges()

    static var table: [OptionSpec<Self>] {
      [
        .value(
          "process", "p", \.process, "FILE", "The process as a JSON document", complete: .file),
        .flag("tty", "t", \.changes.terminal, "Give the process a terminal"),
        .value("cwd", nil, \.changes.workingDirectory, "DIR", "Where it starts"),
        .value("user", "u", \.changes.user, "UID[:GID]", "Who it is"),
        .list("env", "e", \.changes.environment, "NAME=VALUE", "A variable of its environment"),
        .list(
          "cap", "c", \.changes.capabilities, "NAME", "One more capability",
          complete: .capability),
        .value("apparmor", nil, \.changes.apparmorProfile, "PROFILE", "Its AppArmor profile"),
        .value("process-label", nil, \.changes.processLabel, "LABEL", "Its SELinux label"),
        .flag(
          "no-new-privs", nil, \.changes.noNewPrivileges,
          "Let no program that it runs gain privileges"),
        .list(
          "additional-gids", "g", \.changes.additionalGroups, "GID", "One more group",
          commaSeparated: true),
        .flag("detach", "d", \.detach, "Return when the process has started"),
        .value(
          "pid-file", nil, \.pidFile, "FILE", "Where to write the process id", complete: .file),
        .value(
          "console-socket", nil, \.consoleSocket, "PATH",
          "A socket that takes the terminal's master side", complete: .file),
        .value(
          "pidfd-socket", nil, \.pidfdSocket, "PATH", "A socket that takes the process's pidfd",
          complete: .file),
        .integer(
          "preserve-fds", nil, \.preservedDescriptors, "N",
          "How many more descriptors, from 3 on, the process gets"),
        .value("cgroup", nil, \.cgroup, "PATH", "A cgroup below the container's to run in"),
        .flag("ignore-paused", nil, \.ignorePaused, "Also in a paused container"),
      ]
    }
  }

  static let exec = RuntimeCommand(
    "exec", summary: "Run a process in a container", usage: "[options] ID [COMMAND [ARG...]]",
    examples: [
      "martlet-oci exec --tty web sh", "martlet-oci exec --process process.json --detach web",
    ],
    positionals: .atLeast(1, .container), stopsAtFirstPositional: true, defaults: Execution(),
    options: Execution.table
  ) { options, invocation in
    try protect()
    let source: ExecProcess.Source
    if let file = options.process {
      source = .file(file)
    } else {
      var words = invocation.arguments.dropFirst()
      if words.first == "--" { words = words.dropFirst() }
      guard !words.isEmpty else {
        throw UsageError("exec needs a command, or --process")
      }
      var changes = options.changes
      changes.arguments = Array(words)
      source = .changes(changes)
    }
    var exec = ExecProcess(invocation.arguments[0], source, context: invocation.globals.context)
    exec.detach = options.detach
    exec.pidFile = options.pidFile
    exec.consoleSocket = options.consoleSocket.flatMap { $0.isEmpty ? nil : $0 }
    exec.pidfdSocket = options.pidfdSocket.flatMap { $0.isEmpty ? nil : $0 }
    exec.preservedDescriptors = Int32(clamping: options.preservedDescriptors)
    exec.cgroup = options.cgroup
    exec.ignorePaused = options.ignorePaused
    do throws(RuntimeError) { return try exec.run() } catch {
      throw FailedExec(report: error.report)
    }
  }
}

/// A failure of `exec` itself, whose status no program's is likely to be: runc's, too.
struct FailedExec: ReportableError {
  static let status: Int32 = 255
  let report: ErrorReport
}
