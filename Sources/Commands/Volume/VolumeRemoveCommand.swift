import CommandLineKit
import Engine
import Model

enum VolumeRemoveCommand {
  struct Options: Sendable {
    var all = false
    var force = false
    var time: Int?
  }

  static let command = MartletCommand(
    "rm", aliases: ["remove"], summary: "Remove volumes", usage: "[options] NAME [NAME...]",
    description: """
      Exit status: 0 when all are removed, 1 when one did not exist, 2 when a container mounts one, \
      125 for any other failure.
      """,
    positionals: .atLeast(0, .volume), defaults: Options(),
    options: [
      .flag("all", "a", \.all, "All volumes"),
      .flag("force", "f", \.force, "Remove the containers that mount them too"),
      .integer("time", "t", \.time, "SECONDS", "With --force: seconds before SIGKILL"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let store = VolumeStore(context)
    var words = invocation.arguments
    if options.all {
      guard words.isEmpty else { throw UsageError("--all takes no names") }
      words = try store.list().map(\.name)
    } else {
      try PositionalRule.atLeast(1).check(words.count, for: invocation.path)
    }
    var status: Int32 = 0
    let batch = TrashBatch(context)
    for word in words {
      do {
        let volume = try store.resolve(word)
        if options.force {
          for user in try store.users(volume.name) {
            try RemoveContainer(context, collecting: batch).run(
              user, force: true, volumes: false, timeout: options.time)
          }
        }
        try store.remove(volume.name, collecting: batch)
        try Output.line(options.all ? volume.name : word)
      } catch {
        if options.force, case VolumeError.unknown? = error as? VolumeError { continue }
        status = max(status, code(error))
        _ = CommandFailure.end(error)
      }
    }
    try batch.empty()
    // A killed removal may have left the files of a volume that is gone.
    try RemoveContainer(context).sweep()
    return status
  }

  private static func code(_ error: any Error) -> Int32 {
    switch error as? VolumeError {
    case .unknown: 1
    case .inUse: 2
    default: 125
    }
  }
}
