import CommandLineKit
import Engine
import Model

/// `system reset`, `system migrate` and `system renumber`.
enum SystemResetCommand {
  struct Options: Sendable { var force = false }

  static let reset = MartletCommand(
    "reset", summary: "Remove all containers, images and volumes of this user",
    usage: "[options]", positionals: .none, defaults: Options(),
    options: [.flag("force", "f", \.force, "Do not ask")]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let warning =
      "This kills and removes all containers, and removes all images and volumes in "
      + "\(context.dataRoot)."
    guard try options.force || Question.ask(warning) else { return 0 }
    try ResetStore(context).run()
    return 0
  }

  struct MigrateOptions: Sendable { var runtime: String? }

  static let migrate = MartletCommand(
    "migrate", summary: "Give all containers another runtime",
    usage: "[options]",
    description: "Nothing else is ever to be done: every version reads what is there.",
    positionals: .none, defaults: MigrateOptions(),
    options: [
      .value("new-runtime", nil, \.runtime, "NAME", "The OCI runtime of all containers from now on")
    ]
  ) { options, invocation in
    guard let runtime = options.runtime else {
      Message.note("nothing to migrate: containers and images are read as they are")
      return 0
    }
    let running = try UpdateContainer(try invocation.globals.context()).setRuntime(runtime)
    for name in running {
      _ = CommandFailure.end(
        ErrorReport(
          .conflict, "container \(name) runs: it keeps its runtime",
          hint: "martlet stop \(name), then repeat this"))
    }
    return running.isEmpty ? 0 : 125
  }

  /// Docker's ways to reach other machines, of which there are none: devcontainers ask for the list.
  static let contexts = MartletCommand(
    group: "context", summary: "Connections to other machines; there are none", hidden: true,
    subcommands: [listOfNone])

  /// Podman's name for them.
  static let connections = MartletCommand(
    group: "connection", summary: "Connections to other machines; there are none", hidden: true,
    subcommands: [listOfNone])

  private static let listOfNone = MartletCommand(
    "ls", aliases: ["list"], summary: "List connections; there are none", usage: "[options]",
    positionals: .none, defaults: ListOptions(),
    options: [
      .value("format", "f", \.format, "FORMAT", "json or a Go template"),
      .flag("quiet", "q", \.quiet, "Show names only"),
    ]
  ) { options, _ in
    if let format = options.format, format != "json" { _ = try OutputFormat(format) }
    if options.format == "json" { try Output.line("[]") }
    return 0
  }

  struct ListOptions: Sendable {
    var format: String?
    var quiet = false
  }

  static let renumber = MartletCommand(
    "renumber", summary: "Nothing is ever to be done: locks have no numbers", usage: "",
    hidden: true, positionals: .none, defaults: NoOptions(), options: []
  ) { _, _ in 0 }
}
