import CommandLineKit
import Engine
import Model

/// `inspect`: containers first, then images, then volumes.
enum InspectCommand {
  struct Options: Sendable {
    var format: String?
    var type = "all"
    var latest = false
    var size = false
  }

  static let command = MartletCommand(
    "inspect", summary: "Show everything about containers or images",
    usage: "[options] NAME [NAME...]", positionals: .atLeast(0, .container),
    defaults: Options(),
    options: [
      .value("format", "f", \.format, "FORMAT", "json or a Go template"),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("size", "s", \.size, "Show how much disk space a container takes"),
      .value(
        "type", "t", \.type, "TYPE", "What to look for",
        choices: ["all", "container", "image", "volume"]),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var words = invocation.arguments
    if options.latest { words += try ListContainers(context).run().prefix(1).map(\.id) }
    try PositionalRule.atLeast(1).check(words.count, for: invocation.path)
    return try Inspection.show(words, options.format) { word in
      let wants = { (type: String) in options.type == type || options.type == "all" }
      if wants("container"),
        let value = try ContainerInspection.find(word, context, sized: options.size)
      {
        return value
      }
      if wants("image"), let value = try ImageInspection.find(word, context) { return value }
      return wants("volume") ? try VolumeInspection.find(word, context) : nil
    }
  }
}
