import CommandLineKit
import Engine
import Model

enum SystemPruneCommand {
  struct Options: Sendable {
    var all = false
    var external = false
    var force = false
    var volumes = false
    var filters: [String] = []
  }

  static let command = MartletCommand(
    "prune", summary: "Remove what nothing uses", usage: "[options]",
    description:
      "Removes containers that do not run, images without a name, and what killed commands left.",
    positionals: .none, defaults: Options(),
    options: [
      .flag("all", "a", \.all, "Images with names too, if no container uses them"),
      .flag("external", nil, \.external, "Only what killed commands left"),
      .list("filter", nil, \.filters, "KEY=VALUE", "Only what matches: label, until"),
      .flag("force", "f", \.force, "Do not ask"),
      .flag("volumes", nil, \.volumes, "Volumes that no container mounts, too"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let pruning = PruneStore(context)
    var outcome = PruneStore.Outcome()
    if options.external {
      if options.all || options.volumes || !options.filters.isEmpty {
        throw UsageError("--external cannot be combined with other options")
      }
      try pruning.leftovers(&outcome)
      try Output.line("Total reclaimed space: \(Human.size(outcome.freed))")
      return 0
    }
    let filters = try Filters(options, context)
    guard try options.force || Question.ask(warning(options)) else { return 0 }
    try pruning.containers(where: { filters.containers.matches($0, all: []) }, &outcome)
    if options.volumes { try pruning.volumes(&outcome) }
    try pruning.images(all: options.all, where: { filters.images.matches($0) }, &outcome)
    try pruning.leftovers(&outcome)
    try show(outcome)
    for failure in outcome.failures { Message.fail(failure) }
    return outcome.failures.isEmpty ? 0 : 125
  }

  private struct Filters {
    let containers: ContainerFilter
    let images: ImageFilter

    init(_ options: Options, _ context: EngineContext) throws {
      for text in options.filters {
        let key = text.prefix { $0 != "=" }
        guard ["label", "label!", "until"].contains(String(key)) else {
          throw ErrorReport(
            .invalidRequest, "filter \"\(key)\" is not supported here",
            hint: "label, label! and until are")
        }
        if key == "until", options.volumes {
          throw UsageError("the \"until\" filter cannot be used with --volumes")
        }
      }
      containers = try ContainerFilter(options.filters)
      images = try ImageFilter(options.filters, among: [])
    }
  }

  private static func warning(_ options: Options) -> String {
    var parts = ["all containers that do not run"]
    if options.volumes { parts.append("all volumes that no container mounts") }
    parts.append(
      options.all ? "all images without a container" : "all images without a name")
    return "This removes \(parts.joined(separator: ", "))."
  }

  private static func show(_ outcome: PruneStore.Outcome) throws {
    var text = ""
    for (heading, lines) in [
      ("Deleted Containers", outcome.containers), ("Deleted Volumes", outcome.volumes),
      ("Deleted Images", outcome.images.map(\.hex)),
    ] where !lines.isEmpty {
      text += heading + "\n" + lines.map { $0 + "\n" }.joined()
    }
    try Output.write(text + "Total reclaimed space: \(Human.size(outcome.freed))\n")
  }
}
