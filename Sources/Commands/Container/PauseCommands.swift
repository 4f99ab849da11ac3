import CommandLineKit
import Engine
import Model

/// `pause` and `unpause`.
enum PauseCommands {
  private static let options =
    SelectionOptions.everyone + SelectionOptions.cidFile + SelectionOptions.filtering

  static let pause = Command<GlobalOptions>(
    "pause", summary: "Freeze all processes of containers",
    usage: "[options] CONTAINER [CONTAINER...]",
    description: "It needs a control group of the container's own, which ps then shows as Paused.",
    positionals: .atLeast(0, .runningContainer), defaults: SelectionOptions(), options: options
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(in: .running) { id in try PauseContainer(context).pause(id) }
  }

  static let unpause = Command<GlobalOptions>(
    "unpause", summary: "Let paused containers go on",
    usage: "[options] CONTAINER [CONTAINER...]",
    positionals: .atLeast(0, .container), defaults: SelectionOptions(), options: options
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(in: .paused) { id in try PauseContainer(context).resume(id) }
  }
}
