import CommandLineKit
import Engine
import Model

enum RemoveImagesCommand {
  struct Options: Sendable {
    var all = false
    var force = false
    var ignore = false
    var noPrune = false
    var platform: String?
  }

  static let command = MartletCommand(
    "rmi", summary: "Remove images", usage: "[options] IMAGE [IMAGE...]",
    description:
      "Exit code 1: an image does not exist; 2: a container uses one; 125: anything else.",
    examples: ["martlet rmi alpine", "martlet rmi --all"],
    positionals: .atLeast(0, .image), defaults: Options(),
    options: [
      .flag("all", "a", \.all, "Remove all images"),
      .flag("force", "f", \.force, "Remove the containers that use them first"),
      .flag("ignore", "i", \.ignore, "Images that do not exist are no error"),
      .flag("no-prune", nil, \.noPrune, "Leave layers on the disk until the next removal or prune"),
      .checkedPlatform(\.platform),
    ]
  ) { options, invocation in
    let words = invocation.arguments
    if options.all, !words.isEmpty {
      throw UsageError("--all takes no images")
    }
    if !options.all { try PositionalRule.atLeast(1).check(words.count, for: invocation.path) }
    let context = try invocation.globals.context()
    guard options.platform == nil || !options.all else {
      throw UsageError("--all takes images of every platform")
    }
    try CheckPlatform(context).run(words, options.platform)
    var removal = RemoveImages(context)
    let outcome =
      options.all
      ? try removal.runAll(force: options.force, keepsLayers: options.noPrune)
      : try removal.run(
        words, force: options.force, ignoresMissing: options.ignore || options.force,
        keepsLayers: options.noPrune)
    var text = ""
    for name in outcome.untagged { text += "Untagged: \(name.full)\n" }
    for id in outcome.deleted { text += "Deleted: \(id.hex)\n" }
    try Output.write(text)
    for failure in outcome.failures { Message.fail(failure) }
    return outcome.exitCode
  }
}
