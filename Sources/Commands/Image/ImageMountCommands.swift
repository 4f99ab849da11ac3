import CommandLineKit
import Engine
import Model

/// `image mount` and `image unmount`.
enum ImageMountCommands {
  struct MountOptions: Sendable {
    var all = false
    var format: String?
  }

  static let mount = MartletCommand(
    "mount", summary: "Mount images read-only and tell where", usage: "[options] [IMAGE...]",
    description: "Without an image, what is mounted is listed. Needs martlet unshare.",
    examples: ["martlet unshare sh -c 'ls $(martlet image mount alpine)'"],
    positionals: .atLeast(0, .image), defaults: MountOptions(),
    options: [
      .flag("all", "a", \.all, "Mount all images"),
      .value("format", nil, \.format, "FORMAT", "json", choices: ["json"]),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let mounts = MountImages(context)
    var words = invocation.arguments
    if options.all {
      guard words.isEmpty else { throw UsageError("--all takes no images") }
      words = try ListImages(context).run().map { "\($0.id)" }
    }
    if words.isEmpty {
      guard !options.all else { return 0 }
      try list(try mounts.list(), options.format)
      return 0
    }
    for word in words {
      let path = try mounts.mount(word)
      try Output.line(words.count == 1 && !options.all ? path : "\(shown(word)) \(path)")
    }
    return 0
  }

  private static func shown(_ word: String) -> String {
    word.hasPrefix("sha256:") ? String(word.dropFirst(7).prefix(12)) : word
  }

  private static func list(_ mounted: [MountImages.Mounted], _ format: String?) throws {
    if format == "json" {
      let items = mounted.map { item in
        TemplateValue.object([
          ("id", .string(item.image.id.hex)),
          ("Repositories", .strings(item.image.names.map(\.full))),
          ("mountpoint", .string(item.path)),
        ])
      }
      return try Output.line(TemplateValue.list(items).json(pretty: true))
    }
    for item in mounted {
      try Output.line("\(item.image.names.first?.full ?? item.image.id.shortID) \(item.path)")
    }
  }

  struct UnmountOptions: Sendable {
    var all = false
    var force = false
  }

  static let unmount = MartletCommand(
    "unmount", aliases: ["umount"], summary: "Take mounts of images away",
    usage: "[options] IMAGE [IMAGE...]", positionals: .atLeast(0, .image),
    defaults: UnmountOptions(),
    options: [
      .flag("all", "a", \.all, "All mounted images"),
      .flag("force", "f", \.force, "An image that is not mounted is no error"),
    ]
  ) { options, invocation in
    let mounts = MountImages(try invocation.globals.context())
    var words = invocation.arguments
    if options.all {
      guard words.isEmpty else { throw UsageError("--all takes no images") }
      words = try mounts.list().map { "\($0.image.id)" }
    } else {
      try PositionalRule.atLeast(1).check(words.count, for: invocation.path)
    }
    for word in words { try Output.line(try mounts.unmount(word, force: options.force).hex) }
    return 0
  }
}
