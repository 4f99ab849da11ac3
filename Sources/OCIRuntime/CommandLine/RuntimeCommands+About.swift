import CommandLineKit
import LinuxSystem
import Model
import OCISpec

extension RuntimeCommands {
  private static func print(_ json: JSONValue, pretty: Bool = false) throws(ErrorReport) -> Int32 {
    try RuntimeCommandLine.print(
      String(decoding: json.encoded(pretty: pretty), as: UTF8.self) + "\n")
  }

  static let state = RuntimeCommand(
    "state", summary: "Print a container's state as JSON", usage: "ID",
    positionals: .exactly(1, .container), defaults: NoRuntimeOptions(), options: []
  ) { _, invocation in
    let list = ListContainers(context: invocation.globals.context)
    return try print(try list.state(of: invocation.arguments[0]).json, pretty: true)
  }

  struct Listing: Sendable {
    var quiet = false
    var format = "table"
  }

  static let list = RuntimeCommand(
    "list", aliases: ["ls"], summary: "List the containers",
    defaults: Listing(),
    options: [
      .flag("quiet", "q", \.quiet, "Their ids alone"),
      .value("format", "f", \.format, "FORMAT", "How to print", choices: ["table", "json"]),
    ]
  ) { options, invocation in
    let states = try ListContainers(context: invocation.globals.context).all()
    if options.quiet && options.format == "json" {
      return try print(states.map(\.id).json)
    }
    if options.quiet { return try RuntimeCommandLine.print(states.map { "\($0.id)\n" }.joined()) }
    if options.format == "json" { return try print(states.json) }
    return try RuntimeCommandLine.print(StateTable(states).text)
  }

  static let ps = RuntimeCommand(
    "ps", summary: "List a container's processes", usage: "[options] ID [PS-OPTION...]",
    positionals: .atLeast(1, .container), stopsAtFirstPositional: true, defaults: Listing(),
    options: [
      .value("format", "f", \.format, "FORMAT", "How to print", choices: ["table", "json"])
    ]
  ) { options, invocation in
    let context = invocation.globals.context
    let processes = ContainerProcesses(invocation.arguments[0], context: context)
    if options.format == "json" { return try print(try processes.list().json) }
    return try RuntimeCommandLine.print(
      try processes.table(Array(invocation.arguments.dropFirst())))
  }

  struct Watching: Sendable {
    var stats = false
    var interval: Int32 = 5
  }

  static let events = RuntimeCommand(
    "events", summary: "Print statistics and out-of-memory events", usage: "[options] ID",
    positionals: .exactly(1, .container), defaults: Watching(),
    options: [
      .flag("stats", nil, \.stats, "Print statistics once and end"),
      .parsed(
        "interval", nil, "SECONDS", "Between two lines of statistics (5s)",
        { options, text throws(UsageError) in options.interval = try seconds(text) }),
    ]
  ) { options, invocation in
    var events = ContainerEvents(invocation.arguments[0], context: invocation.globals.context)
    events.interval = options.interval * 1_000
    if options.stats { return try print(try events.stats()) }
    try events.follow { (event) throws(RuntimeError) in
      do throws(ErrorReport) { _ = try print(event) } catch { throw .reported(error) }
    }
    return 0
  }

  static let features = RuntimeCommand(
    "features", summary: "Print what the runtime can do", usage: "",
    defaults: NoRuntimeOptions(), options: []
  ) { _, invocation in
    try print(RuntimeFeatures.document(invocation.globals.context), pretty: true)
  }

  struct Template: Sendable {
    var rootless = false
    var bundle = "."
    var file: String?
  }

  static let spec = RuntimeCommand(
    "spec", summary: "Write a configuration to start from",
    defaults: Template(),
    options: [
      .flag("rootless", nil, \.rootless, "For a user without privileges"),
      .value("bundle", "b", \.bundle, "DIR", "The bundle", complete: .directory),
      .value(
        "file", "f", \.file, "FILE", "Where to write it instead", complete: .file,
        aliases: ["config"]),
    ]
  ) { options, _ in
    let ids = (CurrentProcess.effectiveUser, CurrentProcess.effectiveGroup)
    let text = SpecTemplate.make(rootless: options.rootless ? ids : nil).encoded(pretty: true)
    let name = options.file ?? "config.json"
    let file = name.hasPrefix("/") ? name : "\(options.bundle)/\(name)"
    do throws(SystemError) {
      let config = try OwnedDescriptor.open(
        file, [.writeOnly, .create, .exclusive], mode: 0o644)
      try Descriptor.writeAll(config.raw, text + [0x0A])
    } catch { throw ErrorReport(.conflict, "write \(file): \(error.reason)") }
    return 0
  }
}

/// `list` for people.
struct StateTable {
  let text: String

  init(_ states: [RuntimeState]) {
    var table = TextTable(headings: ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"])
    for state in states {
      table.append([
        state.id, "\(state.pid)", state.status.rawValue, state.bundle, state.created ?? "",
        state.owner ?? "",
      ])
    }
    text = table.render()
  }
}
