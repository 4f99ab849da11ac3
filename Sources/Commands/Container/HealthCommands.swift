import CommandLineKit
import Engine

/// `healthcheck`.
enum HealthCommands {
  struct Options: Sendable {
    var ignoresResult = false
  }

  static let run = Command<GlobalOptions>(
    "run", summary: "Check the health of a container", usage: "[options] CONTAINER",
    description: """
      Exit status: 0 when the check succeeded, 1 when it failed, 125 when it could not be made.
      """,
    positionals: .exactly(1, .runningContainer), defaults: Options(),
    options: [
      .flag(
        "ignore-result", nil, \.ignoresResult, "A check that fails is no failure of the command")
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let id = try ContainerStore(context).resolve(invocation.arguments[0])
    let outcome = try CheckHealth(context).run(id)
    if outcome == .healthy { return 0 }
    try Output.line(outcome.rawValue)
    return options.ignoresResult ? 0 : 1
  }

  static let group = MartletCommand(
    group: "healthcheck", summary: "Manage health checks", subcommands: [run])
}
