import CommandLineKit
import Engine
import Model

/// `mount` and `unmount` of containers.
enum MountCommands {
  struct MountOptions: Sendable {
    var all = false
    var latest = false
    var force = false
    var format: String?
    var noTruncation = false
  }

  static let mount = MartletCommand(
    "mount", summary: "Mount containers' root file systems and tell where",
    usage: "[options] [CONTAINER...]",
    description: """
      Works in martlet unshare, for containers that do not run; the mounts end with it. Without a \
      container, what is mounted is listed.
      """,
    examples: ["martlet unshare sh -c 'ls $(martlet mount web)'"],
    positionals: .atLeast(0, .container), defaults: MountOptions(),
    options: [
      .flag("all", "a", \.all, "All containers"),
      .value("format", nil, \.format, "FORMAT", "json", choices: ["json"]),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("no-trunc", nil, \.noTruncation, "Print whole ids"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let mounts = MountContainers(context)
    let ids = try chosen(options, invocation.arguments, context)
    guard let ids else {
      try list(try mounts.list(), options)
      return 0
    }
    for id in ids {
      let path = try mounts.mount(id)
      let shown = options.noTruncation ? id : String(id.prefix(12))
      try Output.line(ids.count == 1 && !options.all ? path : "\(shown) \(path)")
    }
    return 0
  }

  static let unmount = MartletCommand(
    "unmount", aliases: ["umount"], summary: "Unmount containers' root file systems",
    usage: "[options] CONTAINER [CONTAINER...]", positionals: .atLeast(0, .container),
    defaults: MountOptions(),
    options: [
      .flag("all", "a", \.all, "All that are mounted"),
      .flag("force", "f", \.force, "Those that are not mounted are no error"),
      .flag("latest", "l", \.latest, "The container that was created last"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let mounts = MountContainers(context)
    let mounted = try mounts.list().map(\.id)
    let ids =
      options.all ? mounted : try chosen(options, invocation.arguments, context) ?? []
    if !options.all { try PositionalRule.atLeast(1).check(ids.count, for: invocation.path) }
    for id in ids {
      if options.force, !mounted.contains(id) { continue }
      try mounts.unmount(id)
      try Output.line(id)
    }
    return 0
  }

  /// Nil when no container is named in any way.
  private static func chosen(
    _ options: MountOptions, _ words: [String], _ context: EngineContext
  ) throws -> [String]? {
    if options.all || options.latest {
      guard words.isEmpty else { throw UsageError("--all and --latest take no names") }
      let all = try ListContainers(context).run().map(\.id)
      return options.latest ? Array(all.prefix(1)) : all
    }
    if words.isEmpty { return nil }
    let store = ContainerStore(context)
    return try words.map { try store.resolve($0) }
  }

  private static func list(_ mounted: [MountContainers.Mounted], _ options: MountOptions) throws {
    if options.format == "json" {
      let items = mounted.map { item in
        TemplateValue.object([
          ("id", .string(item.id)), ("Names", .strings([item.name])),
          ("mountpoint", .string(item.path)),
        ])
      }
      return try Output.line(TemplateValue.list(items).json(pretty: true))
    }
    for item in mounted {
      try Output.line("\(options.noTruncation ? item.id : String(item.id.prefix(12))) \(item.path)")
    }
  }
}
