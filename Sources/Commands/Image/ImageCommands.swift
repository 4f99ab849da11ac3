public import CommandLineKit
import Engine
import Model

/// The commands on images: at the top level, and in the group `image`.
public enum ImageCommands {
  struct InspectOptions: Sendable { var format: String? }

  static let inspect = MartletCommand(
    "inspect", summary: "Show everything about images", usage: "[options] IMAGE [IMAGE...]",
    positionals: .atLeast(1, .image), defaults: InspectOptions(),
    options: [.value("format", "f", \.format, "FORMAT", "json or a Go template")]
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Inspection.show(invocation.arguments, options.format) { word in
      try ImageInspection.find(word, context)
    }
  }

  static let exists = MartletCommand(
    "exists", summary: "Tell by the exit code whether an image is here", usage: "IMAGE",
    positionals: .exactly(1, .image), defaults: NoOptions(), options: []
  ) { _, invocation in
    try InspectImage(try invocation.globals.context()).exists(invocation.arguments[0]) ? 0 : 1
  }

  /// `martlet image …`.
  public static let group = MartletCommand(
    group: "image", summary: "Manage images",
    subcommands: [
      ImagesCommand.command.named("ls", aliases: ["list"]), exists, ImageHistoryCommand.command,
      ArchiveCommands.importRootfs, inspect, ArchiveCommands.load, ImageMountCommands.mount,
      ImagePruneCommand.command,
      FilesCommands.imageDiff, PullCommand.command, PushCommand.command,
      RemoveImagesCommand.command.named("rm", aliases: ["remove"]), SearchCommand.command,
      ArchiveCommands.save, SignCommand.command, TagCommands.tag, ImageTreeCommand.command,
      TrustCommands.group,
      ImageMountCommands.unmount,
      TagCommands.untag,
    ])
}
