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

  static let migrate = MartletCommand(
    "migrate", summary: "Nothing is ever to be done: every version reads what is there",
    usage: "", positionals: .none, defaults: NoOptions(), options: []
  ) { _, _ in
    Message.note("nothing to migrate: containers and images are read as they are")
    return 0
  }

  static let renumber = MartletCommand(
    "renumber", summary: "Nothing is ever to be done: locks have no numbers", usage: "",
    hidden: true, positionals: .none, defaults: NoOptions(), options: []
  ) { _, _ in
    Message.note("nothing to renumber: locks are files with names")
    return 0
  }
}
