import CommandLineKit
import Engine
import LinuxSystem
import Model

/// Options of commands that work on several containers.
struct SelectionOptions: Sendable {
  var all = false
  var latest = false
  var force = false
  var volumes = false
  var ignore = false
  var time: Int?
  var signal = "KILL"
  var attach = false
  var interactive = false
  var detachKeys: String?
  var passesSignals = true
  var cidFiles: [String] = []

  static let everyone: [OptionSpec<SelectionOptions>] = [
    .flag("all", "a", \.all, "All containers"),
    .flag("latest", "l", \.latest, "The container that was created last"),
  ]
  static let cidFile: [OptionSpec<SelectionOptions>] = [
    .list("cidfile", nil, \.cidFiles, "FILE", "Read the container id from a file", complete: .file)
  ]
  static let ignoring: [OptionSpec<SelectionOptions>] = [
    .flag("ignore", "i", \.ignore, "Containers that do not exist are no error")
  ]
}

/// Which containers a command means, and how it goes through them.
struct Selection {
  let context: EngineContext
  let options: SelectionOptions
  let words: [String]
  let path: String

  /// Names as they were given, with ids; those that do not exist are reported, or ignored.
  func resolve(running: Bool? = nil) throws -> (found: [(name: String, id: String)], missing: Int) {
    let store = ContainerStore(context)
    if options.all || options.latest {
      var list = try ListContainers(context).run()
      if let running { list = list.filter { $0.status.isAlive == running } }
      if options.latest { list = Array(list.prefix(1)) }
      return (list.map { ($0.id, $0.id) }, 0)
    }
    var names = words
    for file in options.cidFiles {
      do throws(SystemError) {
        let text = try FileTree.readText(file, limit: 4_096)
        names.append(String(text.prefix { !$0.isWhitespace }))
      } catch {
        guard options.ignore, error.errno == Errno.noEntry else {
          throw ErrorReport(.notFound, "container id file \(file): \(error.reason)")
        }
      }
    }
    if words.isEmpty && options.cidFiles.isEmpty {
      try PositionalRule.atLeast(1).check(0, for: path)
    }
    var found: [(name: String, id: String)] = []
    var missing = 0
    for name in names {
      if let id = try store.find(name) {
        found.append((name, id))
      } else if !options.ignore {
        missing += 1
        _ = CommandFailure.end(EngineError.noSuchContainer(name))
      }
    }
    return (found, missing)
  }

  /// Runs `body` for each; prints the names as given; errors are told and the rest still happens.
  func forEach(running: Bool? = nil, echo: Bool = true, _ body: (String) throws -> Void) throws
    -> Int32
  {
    let (found, missing) = try resolve(running: running)
    var status: Int32 = missing > 0 ? 125 : 0
    for (name, id) in found {
      do {
        try body(id)
        if echo { try Output.line(name) }
      } catch {
        status = 125
        _ = CommandFailure.end(error)
      }
    }
    return status
  }
}

enum LifecycleCommands {
  static let start = Command<GlobalOptions>(
    "start", summary: "Start containers", usage: "[options] CONTAINER [CONTAINER...]",
    positionals: .atLeast(0, .stoppedContainer), defaults: SelectionOptions(),
    options: [
      .flag("all", nil, \.all, "All containers that do not run"),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("attach", "a", \.attach, "Attach to the container's output"),
      .flag("interactive", "i", \.interactive, "Attach standard input too"),
      .value("detach-keys", nil, \.detachKeys, "KEYS", "Keys that detach from the container"),
      .flag("sig-proxy", nil, \.passesSignals, "Pass signals on to the container"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let selection = Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path)
    guard options.attach || options.interactive else {
      return try selection.forEach(running: false) { id in
        if try StatusReader(ContainerStore(context)).read(id).isAlive { return }
        try StartContainer(context).detached(id)
      }
    }
    let (found, missing) = try selection.resolve()
    guard missing == 0, let first = found.first, found.count == 1 else {
      throw ErrorReport(.invalidRequest, "only one container can be started with --attach")
    }
    var streams: AttachStreams = [.standardOutput, .standardError]
    if options.interactive { streams.insert(.standardInput) }
    var attachment = StartContainer.Attachment(streams: streams)
    attachment.passesSignals = options.passesSignals
    if let keys = options.detachKeys { attachment.detachKeys = try DetachKeys(keys) }
    let running = try StatusReader(ContainerStore(context)).read(first.id).isAlive
    let outcome =
      running
      ? try StartContainer(context).attach(first.id, attachment)
      : try StartContainer(context).attached(first.id, attachment)
    return try AttachResult.status(outcome, first.id, context)
  }

  static let stop = Command<GlobalOptions>(
    "stop", summary: "Stop containers", usage: "[options] CONTAINER [CONTAINER...]",
    positionals: .atLeast(0, .runningContainer), defaults: SelectionOptions(),
    options: SelectionOptions.everyone + SelectionOptions.cidFile + SelectionOptions.ignoring + [
      .integer(
        "time", "t", \.time, "SECONDS", "Seconds until the container is killed",
        aliases: ["timeout"])
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(running: true) { id in
      try StopContainer(context).stop(id, timeout: options.time)
    }
  }

  static let restart = Command<GlobalOptions>(
    "restart", summary: "Restart containers", usage: "[options] CONTAINER [CONTAINER...]",
    positionals: .atLeast(0, .container), defaults: SelectionOptions(),
    options: SelectionOptions.everyone + [
      .integer(
        "time", "t", \.time, "SECONDS", "Seconds until the container is killed",
        aliases: ["timeout"])
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach { id in
      try StopContainer(context).stop(id, timeout: options.time)
      try StartContainer(context).detached(id)
    }
  }

  static let kill = Command<GlobalOptions>(
    "kill", summary: "Send a signal to containers", usage: "[options] CONTAINER [CONTAINER...]",
    positionals: .atLeast(0, .runningContainer), defaults: SelectionOptions(),
    options: SelectionOptions.everyone + SelectionOptions.cidFile + [
      .value("signal", "s", \.signal, "SIGNAL", "Signal name or number", complete: .signal)
    ]
  ) { options, invocation in
    guard let signal = SignalNumber.parse(options.signal) else {
      throw ErrorReport(.invalidRequest, "invalid signal \"\(options.signal)\"")
    }
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(running: true) { id in try StopContainer(context).kill(id, signal: signal) }
  }

  static let wait = Command<GlobalOptions>(
    "wait", summary: "Wait until containers have ended",
    usage: "[options] CONTAINER [CONTAINER...]",
    description: "Prints the exit code of each container.",
    positionals: .atLeast(0, .container), defaults: SelectionOptions(),
    options: [
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("ignore", nil, \.ignore, "Containers that do not exist are no error"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(echo: false) { id in try Output.line("\(try WaitContainer(context).run(id))") }
  }

  static let remove = Command<GlobalOptions>(
    "rm", aliases: ["remove"], summary: "Remove containers",
    usage: "[options] CONTAINER [CONTAINER...]",
    description: """
      Exit status: 0 when all are removed, 1 when one did not exist, 2 when one is running, \
      125 for any other failure.
      """,
    positionals: .atLeast(0, .container), defaults: SelectionOptions(),
    options: SelectionOptions.everyone + SelectionOptions.cidFile + SelectionOptions.ignoring + [
      .flag("force", "f", \.force, "Kill running containers; missing ones are no error"),
      .flag("volumes", "v", \.volumes, "Remove the containers' anonymous volumes too"),
      .integer("time", "t", \.time, "SECONDS", "With --force: seconds before SIGKILL"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var options = options
    if options.force { options.ignore = true }
    let (found, missing) = try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).resolve()
    var status: Int32 = missing > 0 ? 1 : 0
    for (name, id) in found {
      do {
        try RemoveContainer(context).run(
          id, force: options.force, volumes: options.volumes, timeout: options.time)
        try Output.line(name)
      } catch {
        if case EngineError.running? = error as? EngineError { status = 2 } else { status = 125 }
        _ = CommandFailure.end(error)
      }
    }
    try RemoveContainer(context).sweep()
    return status
  }

  static let attach = Command<GlobalOptions>(
    "attach", summary: "Attach to a running container", usage: "[options] CONTAINER",
    positionals: .exactly(1, .runningContainer), defaults: AttachOptions(),
    options: [
      .value("detach-keys", nil, \.detachKeys, "KEYS", "Keys that detach from the container"),
      .flag("no-stdin", nil, \.noInput, "Do not attach standard input"),
      .flag("sig-proxy", nil, \.passesSignals, "Pass signals on to the container"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let id = try ContainerStore(context).resolve(invocation.arguments[0])
    var attachment = StartContainer.Attachment(
      streams: options.noInput
        ? [.standardOutput, .standardError] : [.standardInput, .standardOutput, .standardError])
    if let keys = options.detachKeys { attachment.detachKeys = try DetachKeys(keys) }
    attachment.passesSignals = options.passesSignals
    return try AttachResult.status(
      try StartContainer(context).attach(id, attachment), id, context)
  }

  struct AttachOptions: Sendable {
    var detachKeys: String?
    var noInput = false
    var passesSignals = true
  }

  static let exists = Command<GlobalOptions>(
    "exists", summary: "Tell by the exit code whether a container exists", usage: "CONTAINER",
    positionals: .exactly(1, .container), defaults: NoOptions(), options: []
  ) { _, invocation in
    try ContainerStore(try invocation.globals.context()).find(invocation.arguments[0]) == nil
      ? 1 : 0
  }

  /// Run by a monitor as its last act for a container with `--rm`.
  static let cleanUp = Command<GlobalOptions>(
    "__cleanup", summary: "Remove what a container leaves", usage: "ID", hidden: true,
    positionals: .exactly(1), defaults: NoOptions(), options: []
  ) { _, invocation in
    try RemoveContainer(try invocation.globals.context()).cleanUp(invocation.arguments[0])
    return 0
  }
}

/// A command without options of its own.
struct NoOptions: Sendable {}
