import CommandLineKit
import Engine
import LinuxSystem
import Model

/// `run` and `create`.
enum RunCommand {
  static let run = Command<GlobalOptions>(
    "run", summary: "Run a command in a new container",
    usage: "[options] IMAGE [COMMAND [ARG...]]",
    description: """
      Creates a container from an image and starts it. Without --detach the command stays until \
      the container ends and passes its exit code on.
      """,
    examples: [
      "# A shell that leaves nothing behind\nmartlet run --rm -it alpine sh",
      "# A server in the background, its port 80 published as 8080\nmartlet run -d -p 8080:80 nginx",
    ],
    positionals: .atLeast(1, .image), stopsAtFirstPositional: true,
    defaults: ContainerOptions(), options: ContainerOptions.run.map { $0.noting(\.given) }
  ) { given, invocation in
    let context = try invocation.globals.context()
    // Before all that can be done beside it.
    context.prepareNamespace()
    let defaults = try ContainerDefaults(context)
    let options = try filled(given, invocation.globals, defaults)
    if options.detach, !options.attach.isEmpty {
      throw ErrorReport(.invalidRequest, "--attach and --detach cannot be used together")
    }
    if options.preservedDescriptors > 0 {
      guard !options.detach else {
        throw ErrorReport(
          .invalidRequest, "--preserve-fds and --detach cannot be used together")
      }
      for fd in 3..<(3 + Int32(clamping: options.preservedDescriptors)) where !Descriptor.isOpen(fd)
      {
        throw ErrorReport(.invalidRequest, "--preserve-fds: descriptor \(fd) is not open")
      }
    }
    let config = try create(options, invocation.arguments, context, starts: true)
    let start = StartContainer(context)
    do {
      guard !options.detach else {
        try start.detached(config.id)
        try Output.line(config.id)
        return 0
      }
      var attachment = StartContainer.Attachment(streams: streams(options))
      attachment.detachKeys = try context.detachKeys(options.detachKeys)
      attachment.passesSignals = options.passesSignals
      attachment.preservedDescriptors = options.preservedDescriptors
      if attachment.streams.isDisjoint(with: [.standardOutput, .standardError]) {
        // Nothing else says which container it is.
        try Output.line(config.id)
      }
      let outcome = try start.attached(config.id, attachment)
      if case .exited = outcome, let refusal = try RemoveContainer(context).removeImage(of: config)
      {
        Message.warn(refusal.message)
      }
      return try AttachResult.status(outcome, config.id, context)
    } catch {
      if options.request.autoRemove {
        // The start failed: what it was created for cannot happen any more.
        try? RemoveContainer(context).run(config.id, force: true, volumes: true)
      }
      throw error
    }
  }

  static let create = Command<GlobalOptions>(
    "create", summary: "Create a container without starting it",
    usage: "[options] IMAGE [COMMAND [ARG...]]",
    positionals: .atLeast(1, .image), stopsAtFirstPositional: true,
    defaults: ContainerOptions(), options: ContainerOptions.shared.map { $0.noting(\.given) }
  ) { given, invocation in
    let context = try invocation.globals.context()
    let options = try filled(given, invocation.globals, try ContainerDefaults(context))
    let config = try create(options, invocation.arguments, context)
    try Output.line(config.id)
    return 0
  }

  /// The options with what containers.conf says where the command line is silent.
  private static func filled(
    _ given: ContainerOptions, _ globals: GlobalOptions, _ defaults: ContainerDefaults
  ) throws -> ContainerOptions {
    var options = given
    if options.request.runtime == nil { options.request.runtime = globals.runtime }
    if options.request.removesImage {
      guard options.request.autoRemove || !options.given.contains("rm") else {
        throw ErrorReport(.invalidRequest, "the --rmi option does not work without --rm")
      }
      options.request.autoRemove = true
    }
    try defaults.apply(
      to: &options.request, given: options.given, defaultMounts: globals.defaultMounts)
    if !options.given.contains("pull"), let policy = try defaults.pullPolicy() {
      options.pull = policy
    }
    return options
  }

  private static func create(
    _ options: ContainerOptions, _ arguments: [String], _ context: EngineContext,
    starts: Bool = false
  ) throws -> ContainerConfig {
    var request = options.request
    RunWarnings.apply(&request, given: options.given)
    request.command = Array(arguments.dropFirst())
    if options.usesRootfs {
      request.rootfs = arguments[0]
    } else {
      let found = try ImagePuller.resolve(arguments[0], options, context)
      request.image = found.image
      request.imageName = found.name
    }
    var display = TransferDisplay(quiet: options.quiet)
    defer { display.finish() }
    return try CreateContainer(context).run(request, starts: starts) { display.show($0) }
  }

  private static func streams(_ options: ContainerOptions) -> AttachStreams {
    var streams: AttachStreams = []
    if options.attach.isEmpty {
      streams = [.standardOutput, .standardError]
    } else {
      streams = options.attach
    }
    if options.request.interactive { streams.insert(.standardInput) }
    return streams
  }
}

/// What an attached command says at its end, and its exit code.
enum AttachResult {
  static func status(_ outcome: AttachOutcome, _ id: String, _ context: EngineContext) throws
    -> Int32
  {
    switch outcome {
    case .exited(let end): return end.code
    case .detached: return 0
    // What a program ends with that SIGPIPE has killed.
    case .outputClosed: return 141
    case .failed(let report): throw report
    case .monitorLost:
      throw ErrorReport(
        .unavailable, "the monitor of container \(id.prefix(12)) is gone",
        hint: "martlet ps -a shows what became of the container")
    }
  }
}
