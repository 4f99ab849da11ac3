import CommandLineKit
import LinuxSystem
import Model

extension RuntimeCommands {
  /// The options of `create`, which `run` and `restore` have, too.
  struct Creation: Sendable {
    var bundle = "."
    var config: String?
    var pidFile: String?
    var consoleSocket: String?
    var pidfdSocket: String?
    var noPivot = false
    var noNewKeyring = false
    var preservedDescriptors = 0
    var noSubreaper = false
    var detach = false
    var keep = false

    static var table: [OptionSpec<Self>] {
      [
        .value(
          "bundle", "b", \.bundle, "DIR", "The bundle, by default the working directory",
          complete: .directory),
        .value(
          "config", "f", \.config, "FILE", "The bundle's configuration instead of config.json",
          complete: .file),
        .value(
          "pid-file", nil, \.pidFile, "FILE", "Where to write the process id", complete: .file),
        .value(
          "console-socket", nil, \.consoleSocket, "PATH",
          "A socket that takes the terminal's master side", complete: .file),
        .value(
          "pidfd-socket", nil, \.pidfdSocket, "PATH", "A socket that takes the process's pidfd",
          complete: .file),
        .flag("no-pivot", nil, \.noPivot, "Move the root instead of pivot_root, on a ramdisk"),
        .flag("no-new-keyring", nil, \.noNewKeyring, "Keep the caller's session keyring"),
        .integer(
          "preserve-fds", nil, \.preservedDescriptors, "N",
          "How many more descriptors, from 3 on, the process gets"),
        .flag(
          "no-subreaper", nil, \.noSubreaper, "For other runtimes' callers: there never is one",
          hidden: true),
      ]
    }

    static var runTable: [OptionSpec<Self>] {
      table + [
        .flag("detach", "d", \.detach, "Return when the process has started"),
        .flag("keep", nil, \.keep, "Leave the state behind when the process ends"),
      ]
    }

    func plan(_ id: String, _ context: RuntimeContext) -> CreateContainer {
      var create = CreateContainer(id, context: context)
      create.bundle = bundle
      create.config = config ?? "config.json"
      create.pidFile = pidFile
      create.consoleSocket = consoleSocket.flatMap { $0.isEmpty ? nil : $0 }
      create.pidfdSocket = pidfdSocket.flatMap { $0.isEmpty ? nil : $0 }
      create.noPivot = noPivot
      create.noNewKeyring = noNewKeyring
      create.preservedDescriptors = Int32(clamping: preservedDescriptors)
      return create
    }
  }

  /// A process of this program is about to become one of a container's.
  static func protect() throws(RuntimeError) {
    try ProgramImage.ensureReadOnly(Array(CurrentProcess.arguments.dropFirst()))
  }

  static let create = RuntimeCommand(
    "create", summary: "Make a container that waits for start", usage: "[options] ID",
    positionals: .exactly(1), defaults: Creation(), options: Creation.table
  ) { options, invocation in
    try protect()
    _ = try options.plan(invocation.arguments[0], invocation.globals.context).run()
    return 0
  }

  static let run = RuntimeCommand(
    "run", summary: "Make and start a container", usage: "[options] ID",
    positionals: .exactly(1), defaults: Creation(), options: Creation.runTable
  ) { options, invocation in
    try protect()
    var run = RunContainer(options.plan(invocation.arguments[0], invocation.globals.context))
    run.detach = options.detach
    run.keep = options.keep
    return try run.run()
  }

  static let start = RuntimeCommand(
    "start", summary: "Start a created container", usage: "ID",
    positionals: .exactly(1, .container), defaults: NoRuntimeOptions(), options: []
  ) { _, invocation in
    try StartContainer(invocation.arguments[0], context: invocation.globals.context).run()
    return 0
  }

  struct Choice: Sendable {
    var all = false
    var regex = false
    var force = false

    /// The ids that a command means: one, or those that match a pattern.
    func ids(_ words: [String], _ context: RuntimeContext) throws(RuntimeError) -> [String] {
      guard regex else { return words }
      var found: [String] = []
      for word in words {
        let pattern: Pattern
        do throws(SystemError) { pattern = try Pattern(word) } catch {
          throw .unusable(field: "--regex", "`\(word)` is not a regular expression")
        }
        found += try context.states.list().map(\.text).filter { pattern.matches($0) }
      }
      return found
    }
  }

  static let kill = RuntimeCommand(
    "kill", summary: "Send a signal, by default TERM", usage: "[options] ID [SIGNAL]",
    examples: ["martlet-oci kill web HUP", "martlet-oci kill --all web KILL"],
    positionals: .between(1, 2, .container, .signal), defaults: Choice(),
    options: [
      .flag("all", "a", \.all, "To every process of the container"),
      .flag("regex", "r", \.regex, "To every container whose id matches"),
    ]
  ) { options, invocation in
    let words = invocation.arguments
    let signal = try SignalName.number(words.count > 1 ? words[1] : "TERM")
    let context = invocation.globals.context
    for id in try options.ids([words[0]], context) {
      var kill = KillContainer(id, signal: signal, context: context)
      kill.all = options.all
      try kill.run()
    }
    return 0
  }

  static let delete = RuntimeCommand(
    "delete", summary: "Remove a stopped container", usage: "[options] ID...",
    positionals: .atLeast(1, .container), defaults: Choice(),
    options: [
      .flag("force", "f", \.force, "Kill it first, if need be; one that is gone is fine"),
      .flag("regex", "r", \.regex, "Remove every container whose id matches"),
    ]
  ) { options, invocation in
    let context = invocation.globals.context
    for id in try options.ids(invocation.arguments, context) {
      var delete = DeleteContainer(id, context: context)
      delete.force = options.force
      try delete.run()
    }
    return 0
  }
}
