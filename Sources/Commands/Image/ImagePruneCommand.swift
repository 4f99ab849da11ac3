import CommandLineKit
import Engine
import LinuxSystem
import Model

enum ImagePruneCommand {
  struct Options: Sendable {
    var all = false
    var force = false
    var filters: [String] = []
    /// What podman's store has and ours has not.
    var external = false
    var buildCache = false
  }

  static let command = MartletCommand(
    "prune", summary: "Remove images that nothing uses", usage: "[options]",
    positionals: .none, defaults: Options(),
    options: [
      .flag("all", "a", \.all, "Images with names too, if no container uses them"),
      .list("filter", nil, \.filters, "KEY=VALUE", "Only images that match: label, until"),
      .flag("force", "f", \.force, "Do not ask"),
      .flag(
        "external", nil, \.external,
        "Images of containers of other tools too: there are no such containers", hidden: true),
      .flag(
        "build-cache", nil, \.buildCache, "What builds left as well: they leave nothing here",
        hidden: true),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let what = options.all ? "all images without a container" : "all images without a name"
    guard try options.force || Question.ask("This removes \(what).") else { return 0 }
    let filter = try ImageFilter(options.filters, among: try ListImages(context).run())
    let result = try PruneImages(context).run(all: options.all) { filter.matches($0) }
    for id in result.removed { try Output.line(id.hex) }
    return 0
  }
}

/// A question to the user before something is lost.
enum Question {
  /// Whether the answer was yes; no answer is no.
  ///
  /// `names`: what is at stake, told one a line.
  static func ask(_ warning: String, about names: [String] = []) throws -> Bool {
    Message.note("WARNING! \(warning)")
    for name in names { Message.note(name) }
    Message.put("Are you sure you want to continue? [y/N] ")
    var answer: [UInt8] = []
    while answer.last != 0x0A, answer.count < 64 {
      let byte = try Descriptor.read(Descriptor.standardInput, upTo: 1)
      if byte.isEmpty { break }
      answer += byte
    }
    let text = String(decoding: answer, as: UTF8.self).lowercased().filter(\.isLetter)
    return text == "y" || text == "yes"
  }
}
