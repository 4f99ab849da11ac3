import CommandLineKit
import Engine
import Model

/// `rm`, `container prune` and `container cleanup`.
enum RemoveCommands {
  static let remove = Command<GlobalOptions>(
    "rm", aliases: ["remove"], summary: "Remove containers",
    usage: "[options] CONTAINER [CONTAINER...]",
    description: """
      Exit status: 0 when all are removed, 1 when one did not exist, 2 when one is running, \
      125 for any other failure.
      """,
    positionals: .atLeast(0, .container), defaults: SelectionOptions(),
    options: SelectionOptions.everyone + SelectionOptions.cidFile + SelectionOptions.ignoring + [
      .flag("depend", nil, \.depend, "Remove the containers that need them too"),
      .list("filter", nil, \.filters, "KEY=VALUE", "Only containers that match, as for ps"),
      .flag("force", "f", \.force, "Kill running containers; missing ones are no error"),
      .flag("volumes", "v", \.volumes, "Remove the containers' anonymous volumes too"),
      .integer(
        "time", "t", \.time, "SECONDS", "With --force: seconds before SIGKILL",
        aliases: ["timeout"]),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var options = options
    if options.force { options.ignore = true }
    if options.time != nil, !options.force {
      throw ErrorReport(
        .invalidRequest, "--force option must be specified to use the --time option")
    }
    let (found, missing) = try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).resolve()
    var status: Int32 = missing > 0 ? 1 : 0
    var gone: Set<String> = []
    let batch = TrashBatch(context)
    for (name, id) in found where !gone.contains(id) {
      do {
        let removed = try removeOne(id, options, context, batch)
        for other in removed where other != id && gone.insert(other).inserted {
          try Output.line(other)
        }
        gone.insert(id)
        try Output.line(name)
      } catch EngineError.noSuchContainer where options.ignore {
        continue
      } catch {
        switch error as? EngineError {
        case .running: status = 2
        case .noSuchContainer: status = max(status, 1)
        default: status = 125
        }
        _ = CommandFailure.end(error)
      }
    }
    try batch.empty()
    try RemoveContainer(context).sweep()
    return status
  }

  /// The ids of all that went, dependents first.
  private static func removeOne(
    _ id: String, _ options: SelectionOptions, _ context: EngineContext, _ batch: TrashBatch
  ) throws -> [String] {
    try RemoveContainer(context, collecting: batch).run(
      id,
      .init(
        force: options.force, volumes: options.volumes, timeout: options.time,
        dependents: options.depend || options.all))
  }

  struct PruneOptions: Sendable {
    var force = false
    var filters: [String] = []
  }

  static let prune = Command<GlobalOptions>(
    "prune", summary: "Remove containers that do not run", usage: "[options]",
    description: "Prints the ids of the containers that were removed.",
    positionals: .none, defaults: PruneOptions(),
    options: [
      .list("filter", nil, \.filters, "KEY=VALUE", "Only containers that match: label, until"),
      .flag("force", "f", \.force, "Do not ask"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    for filter in options.filters {
      guard ["label", "label!", "until"].contains(String(filter.prefix { $0 != "=" })) else {
        throw ErrorReport(
          .invalidRequest, "\(filter.prefix { $0 != "=" }) is an invalid filter",
          hint: "use label=, label!= or until=")
      }
    }
    let filter = try ContainerFilter(options.filters)
    guard try options.force || Question.ask("This removes all containers that do not run.") else {
      return 0
    }
    let result = try PruneContainers(context).run(filter)
    for id in result.removed { try Output.line(id) }
    for failure in result.failures { _ = CommandFailure.end(failure) }
    return result.failures.isEmpty ? 0 : 125
  }

  struct CleanUpOptions: Sendable {
    var selection = SelectionOptions()
    var remove = false
    var removeImage = false
  }

  static let cleanUp = Command<GlobalOptions>(
    "cleanup", summary: "Take away what stopped containers have mounted",
    usage: "[options] CONTAINER [CONTAINER...]",
    description: "Monitors do this themselves; it is needed only after one was killed.",
    positionals: .atLeast(0, .stoppedContainer), defaults: CleanUpOptions(),
    options: [
      .flag("all", "a", \.selection.all, "All containers that do not run"),
      .flag("latest", "l", \.selection.latest, "The container that was created last"),
      .flag("rm", nil, \.remove, "Remove the containers as well"),
      .flag("rmi", nil, \.removeImage, "Remove the containers and their images as well"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options.selection, words: invocation.arguments,
      path: invocation.path
    ).forEach(in: .notRunning) { id in
      let image = try ContainerStore(context).load(id).image?.id
      try RemoveContainer(context).tidy(id)
      guard options.remove || options.removeImage else { return }
      try RemoveContainer(context).run(id, force: false, volumes: false)
      guard options.removeImage, let image else { return }
      var removal = RemoveImages(context)
      let outcome = try removal.run([image], force: false, ignoresMissing: true)
      if let failure = outcome.failures.first { throw failure }
    }
  }
}
