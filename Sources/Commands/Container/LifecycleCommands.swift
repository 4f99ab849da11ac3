import CommandLineKit
import Engine
import LinuxSystem
import Model

enum LifecycleCommands {
  static let start = Command<GlobalOptions>(
    "start", summary: "Start containers", usage: "[options] CONTAINER [CONTAINER...]",
    positionals: .atLeast(0, .stoppedContainer), defaults: SelectionOptions(),
    options: SelectionOptions.filtering + [
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
      return try selection.forEach(in: .notRunning) { id in
        let status = try StatusReader(ContainerStore(context)).read(id)
        if status.isAlive || status == .restarting { return }
        do { try StartContainer(context).detached(id) } catch EngineError.alreadyRunning {
          // Another command was faster: it runs, as was asked for.
        }
      }
    }
    return try startAttached(
      selection, options, context, keys: context.detachKeys(options.detachKeys))
  }

  private static func startAttached(
    _ selection: Selection, _ options: SelectionOptions, _ context: EngineContext,
    keys: DetachKeys
  ) throws -> Int32 {
    guard !options.all, selection.words.count <= 1 else {
      throw ErrorReport(.invalidRequest, "you cannot start and attach multiple containers at once")
    }
    let (found, missing) = try selection.resolve()
    guard let first = found.first else { return missing > 0 ? 125 : 0 }
    guard missing == 0, found.count == 1 else {
      throw ErrorReport(.invalidRequest, "you cannot start and attach multiple containers at once")
    }
    var streams: AttachStreams = [.standardOutput, .standardError]
    if options.interactive { streams.insert(.standardInput) }
    var attachment = StartContainer.Attachment(streams: streams)
    attachment.passesSignals = options.passesSignals
    attachment.detachKeys = keys
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
    options: SelectionOptions.everyone + SelectionOptions.cidFile + SelectionOptions.ignoring
      + SelectionOptions.filtering + [SelectionOptions.timeout]
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(in: .alive) { id in
      let config = try ContainerStore(context).load(id)
      let began = Clock.monotonic()
      try StopContainer(context).stop(id, timeout: options.time)
      if let text = try StopContainer(context).lateKill(config, options.time, began) {
        Message.warn(text)
      }
      try RemoveContainer(context).finishImage(of: config)
    }
  }

  static let restart = Command<GlobalOptions>(
    "restart", summary: "Restart containers", usage: "[options] CONTAINER [CONTAINER...]",
    description: "A container that does not run is started.",
    positionals: .atLeast(0, .container), defaults: SelectionOptions(),
    options: SelectionOptions.everyone + SelectionOptions.cidFile + SelectionOptions.filtering + [
      .flag("running", nil, \.running, "Only containers that run"),
      SelectionOptions.timeout,
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(in: options.running ? .running : .any) { id in
      try RestartContainer(context).run(id, timeout: options.time)
    }
  }

  static let kill = Command<GlobalOptions>(
    "kill", summary: "Send a signal to containers", usage: "[options] CONTAINER [CONTAINER...]",
    positionals: .atLeast(0, .runningContainer), defaults: SelectionOptions(),
    options: SelectionOptions.everyone + SelectionOptions.cidFile + [
      .value("signal", "s", \.signal, "SIGNAL", "Signal name or number", complete: .signal)
    ]
  ) { options, invocation in
    // Also as kill(1) takes it: -9, -HUP.
    let word = options.signal.hasPrefix("-") ? String(options.signal.dropFirst()) : options.signal
    guard let signal = SignalNumber.parse(word) else {
      throw ErrorReport(.invalidRequest, "invalid signal: \(options.signal)")
    }
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(in: .alive) { id in try StopContainer(context).kill(id, signal: signal) }
  }

  static let attach = Command<GlobalOptions>(
    "attach", summary: "Attach to a running container", usage: "[options] CONTAINER",
    positionals: .between(0, 1, .runningContainer), defaults: AttachOptions(),
    options: [
      .flag("latest", "l", \.latest, "The container that was created last"),
      .value("detach-keys", nil, \.detachKeys, "KEYS", "Keys that detach from the container"),
      .flag("no-stdin", nil, \.noInput, "Do not attach standard input"),
      .flag("sig-proxy", nil, \.passesSignals, "Pass signals on to the container"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let id = try Selection.one(options.latest, invocation.arguments, context).id
    var attachment = StartContainer.Attachment(
      streams: options.noInput
        ? [.standardOutput, .standardError] : [.standardInput, .standardOutput, .standardError])
    attachment.detachKeys = try context.detachKeys(options.detachKeys)
    attachment.passesSignals = options.passesSignals
    return try AttachResult.status(
      try StartContainer(context).attach(id, attachment), id, context)
  }

  struct AttachOptions: Sendable {
    var detachKeys: String?
    var noInput = false
    var latest = false
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
