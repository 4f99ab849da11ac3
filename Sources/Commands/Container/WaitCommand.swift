import CommandLineKit
import Engine
import LinuxSystem
import Model

enum WaitCommand {
  struct Options: Sendable {
    var selection = SelectionOptions()
    var conditions: [String] = []
    /// Milliseconds.
    var interval = 250
    var exitsAtFirst = false
  }

  static let command = Command<GlobalOptions>(
    "wait", summary: "Wait until containers have ended, or have another state",
    usage: "[options] CONTAINER [CONTAINER...]",
    description: "Prints the exit code of each container; -1 for one that has not ended.",
    positionals: .atLeast(0, .container), defaults: Options(),
    options: [
      .list(
        "condition", nil, \.conditions, "STATE", "The states to wait for",
        commaSeparated: true, choices: StateCondition.words),
      .flag(
        "exit-first-match", nil, \.exitsAtFirst, "Return when one of the containers has the state"),
      .flag("ignore", nil, \.selection.ignore, "Containers that do not exist are no error"),
      .parsed("interval", "i", "DURATION", "Time between two looks at the state") {
        options, text throws(UsageError) in
        let milliseconds = GoDuration.parse(text).map { $0 / 1_000_000 } ?? Int64(text)
        guard let milliseconds, milliseconds > 0 else {
          throw UsageError("it must be a duration such as 250ms")
        }
        options.interval = Int(clamping: milliseconds)
      },
      .flag("latest", "l", \.selection.latest, "The container that was created last"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let (found, missing) = try Selection(
      context: context, options: options.selection, words: invocation.arguments,
      path: invocation.path
    ).resolve()
    if options.selection.ignore {
      for word in invocation.arguments where !found.contains(where: { $0.name == word }) {
        try Output.line("-1")
      }
    }
    let condition = StateCondition(options.conditions)
    let wait = WaitContainer(context)
    if options.exitsAtFirst, !found.isEmpty {
      try Output.line(
        "\(try wait.first(of: found.map(\.id), condition, interval: options.interval))")
      return missing > 0 ? 125 : 0
    }
    var status: Int32 = missing > 0 ? 125 : 0
    for (_, id) in found {
      do {
        let code =
          condition.isEnd
          ? try wait.run(id) : try wait.first(of: [id], condition, interval: options.interval)
        try Output.line("\(code)")
      } catch {
        status = 125
        _ = CommandFailure.end(error)
      }
    }
    return status
  }
}
