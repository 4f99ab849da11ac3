import CommandLineKit
import Engine
import LinuxSystem
import Model
import StateStore

/// `volume …`.
enum VolumeCommands {
  static let group = MartletCommand(
    group: "volume", summary: "Manage volumes",
    subcommands: [
      create, exists, VolumeFileCommands.export, VolumeFileCommands.unpack, inspect, list,
      VolumeFileCommands.mount, prune, VolumeFileCommands.reload, VolumeRemoveCommand.command,
      VolumeFileCommands.unmount,
    ])

  struct CreateOptions: Sendable {
    var driver = "local"
    var ignore = false
    var labels: [String] = []
    var options: [String] = []
    var uid: Int?
    var gid: Int?
  }

  private static let create = MartletCommand(
    "create", summary: "Make a volume", usage: "[options] [NAME]",
    description: "Prints the volume's name.",
    examples: [
      "martlet volume create data",
      "martlet volume create --opt type=tmpfs --opt o=size=64m scratch",
      "martlet volume create --opt device=/srv/www www",
    ],
    positionals: .between(0, 1), defaults: CreateOptions(),
    options: [
      .value("driver", "d", \.driver, "DRIVER", "The volume's driver: local"),
      .integer("gid", nil, \.gid, "GID", "Give it to this group, as containers see it"),
      .flag("ignore", nil, \.ignore, "One that exists is no error"),
      .list("label", "l", \.labels, "KEY[=VALUE]", "Add a label"),
      .list(
        "opt", "o", \.options, "KEY=VALUE", "Set type (tmpfs or bind), device or o, as for mount(8)"
      ),
      .integer("uid", nil, \.uid, "UID", "Give it to this user, as containers see it"),
    ]
  ) { options, invocation in
    guard options.driver == "local" || options.driver.isEmpty else {
      throw ErrorReport(
        .invalidRequest, "volume driver \"\(options.driver)\" is not supported", hint: "use local")
    }
    let random = RandomName.hexadecimal(try CurrentProcess.randomBytes(32))
    var volume = Volume(name: invocation.arguments.first ?? random)
    volume.labels = try KeyValueText.parse(options.labels, what: "label")
    volume.options = try KeyValueText.parse(options.options, what: "option")
    volume.uid = try id(options.uid, "uid")
    volume.gid = try id(options.gid, "gid")
    let store = VolumeStore(try invocation.globals.context())
    try Output.line(try store.create(volume, ignoring: options.ignore).name)
    return 0
  }

  private static func id(_ value: Int?, _ name: String) throws(ErrorReport) -> UInt32? {
    guard let value else { return nil }
    guard let id = UInt32(exactly: value), id <= 0x7FFF_FFFF else {
      throw ErrorReport(.invalidRequest, "\(name) \(value) is out of range")
    }
    return id
  }

  private static let exists = MartletCommand(
    "exists", summary: "Tell by the exit code whether a volume exists", usage: "NAME",
    positionals: .exactly(1, .volume), defaults: NoOptions(), options: []
  ) { _, invocation in
    try VolumeStore(try invocation.globals.context()).find(invocation.arguments[0]) == nil ? 1 : 0
  }

  struct InspectOptions: Sendable {
    var all = false
    var format: String?
  }

  private static let inspect = MartletCommand(
    "inspect", summary: "Show everything about volumes", usage: "[options] NAME [NAME...]",
    positionals: .atLeast(0, .volume), defaults: InspectOptions(),
    options: [
      .flag("all", "a", \.all, "All volumes"),
      .value("format", "f", \.format, "FORMAT", "json or a Go template"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var words = invocation.arguments
    if options.all { words = try VolumeStore(context).list().map(\.name) }
    if !options.all { try PositionalRule.atLeast(1).check(words.count, for: invocation.path) }
    return try Inspection.show(words, options.format) { word in
      try VolumeInspection.find(word, context)
    }
  }

  struct ListOptions: Sendable {
    var filters: [String] = []
    var listing = Listing("{{.Driver}}\t{{.Name}}")
    var hidesHeading = false
  }

  private static let list = MartletCommand(
    "ls", aliases: ["list"], summary: "List volumes", usage: "[options]",
    positionals: .none, defaults: ListOptions(),
    options: [
      .list(
        "filter", "f", \.filters, "KEY=VALUE",
        "Only volumes that match: name, driver, label, opt, dangling, anonymous, scope, until"),
      .value("format", nil, \.listing.format, "FORMAT", "json or a Go template"),
      .flag("noheading", "n", \.hidesHeading, "Print no headings"),
      .flag("quiet", "q", \.listing.quiet, "Print only names"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let store = VolumeStore(context)
    let chosen = try choose(options.filters, context)
    var listing = options.listing
    listing.identity = "Name"
    listing.headings = ["Name": "VOLUME NAME"]
    listing.showsHeading = !options.hidesHeading
    try listing.print(chosen.map { VolumeInspection.value($0, store) })
    return 0
  }

  /// The volumes that match.
  static func choose(_ filters: [String], _ context: EngineContext) throws -> [Volume] {
    let filter = try VolumeFilter(filters)
    let all = try VolumeStore(context).list()
    if filter.isEmpty { return all }
    let used = Set(try ListContainers(context).run().flatMap(\.volumes))
    return all.filter { filter.matches($0, isUsed: used.contains($0.name)) }
  }

  struct PruneOptions: Sendable {
    var all = true
    var force = false
    var dryRun = false
    var filters: [String] = []
  }

  private static let prune = MartletCommand(
    "prune", summary: "Remove volumes that no container mounts", usage: "[options]",
    description: "Prints the names of what was removed.",
    positionals: .none, defaults: PruneOptions(),
    options: [
      .flag("all", "a", \.all, "Those with names that somebody chose too (the default)"),
      .flag("dry-run", nil, \.dryRun, "Only tell what would be removed"),
      .list("filter", nil, \.filters, "KEY=VALUE", "Only volumes that match, as with volume ls"),
      .flag("force", "f", \.force, "Do not ask"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let store = VolumeStore(context)
    let filter = try VolumeFilter(options.filters)
    let chosen = try store.list().filter { volume in
      try (options.all || volume.anonymous) && store.users(volume.name).isEmpty
        && filter.matches(volume, isUsed: false)
    }
    if options.dryRun {
      for volume in chosen { try Output.line(volume.name) }
      return 0
    }
    let names = chosen.map(\.name)
    try store.sweep()
    if chosen.isEmpty { return 0 }
    guard
      try options.force
        || Question.ask("This removes all volumes that no container mounts:", about: names)
    else { return 0 }
    var status: Int32 = 0
    let batch = TrashBatch(context)
    for volume in chosen {
      do {
        try store.remove(volume.name, collecting: batch)
        try Output.line(volume.name)
      } catch VolumeError.inUse {
        continue
      } catch VolumeError.unknown {
        continue
      } catch {
        status = CommandFailure.end(error)
      }
    }
    try batch.empty()
    return status
  }
}

/// `KEY=VALUE` words of an option.
enum KeyValueText {
  static func parse(_ texts: [String], what: String) throws(ErrorReport) -> [String: String] {
    var values: [String: String] = [:]
    for text in texts {
      let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let key = pair.first, !key.isEmpty else {
        throw ErrorReport(.invalidRequest, "invalid \(what) \"\(text)\": the key is empty")
      }
      values[String(key)] = pair.count == 2 ? String(pair[1]) : ""
    }
    return values
  }
}
