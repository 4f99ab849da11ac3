import CommandLineKit
import Engine
import Model

enum UnshareCommand {
  struct Options: Sendable {}

  static let command = MartletCommand(
    "unshare", summary: "Run a command as root in the user namespace of the containers",
    usage: "[COMMAND [ARG...]]",
    description: "What containers wrote can be read and removed there. Without a command, a shell.",
    examples: ["martlet unshare cat /proc/self/uid_map"],
    positionals: .atLeast(0, .none), stopsAtFirstPositional: true, defaults: Options(),
    options: []
  ) { _, invocation in
    try UnshareProcess(try invocation.globals.context()).run(invocation.arguments)
  }
}
