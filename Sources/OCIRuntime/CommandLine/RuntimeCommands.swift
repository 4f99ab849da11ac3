import LinuxSystem
import Model
import OCISpec

/// The table of commands.
struct RuntimeCommand: Sendable {
  var name: String
  var usage: String
  var summary: String
  var options: [OptionReader.Option]
  var operands: ClosedRange<Int>
  /// Whether what follows the first operand is a command with options of its own.
  var endsInCommand = false
  /// Whether a process of this program becomes one of a container's.
  var entersContainers: Bool { ["create", "run", "exec", "restore"].contains(name) }
  var run: @Sendable (OptionReader, [String], RuntimeContext) throws(ErrorReport) -> Int32
}

enum RuntimeCommands {
  static func find(_ name: String) -> RuntimeCommand? { all.first { $0.name == name } }

  static var help: String {
    var text = "usage: martlet-oci [--root DIR] [--log FILE] [--log-format text|json] COMMAND\n\n"
    for command in all {
      text += "  \(command.name)\(String(repeating: " ", count: 12 - command.name.count))"
      text += "\(command.summary)\n"
    }
    return text
  }

  static var all: [RuntimeCommand] {
    [
      create, run, start, state, kill, delete, exec, list, ps, pause, resume, update, events,
      features, spec,
    ]
  }

  /// A runtime's error as the program reports it.
  static func reporting<Result>(_ body: () throws(RuntimeError) -> Result) throws(ErrorReport)
    -> Result
  {
    do throws(RuntimeError) { return try body() } catch { throw error.report }
  }

  private static let creating: [OptionReader.Option] = [
    .value("bundle", "b"), .value("pid-file"), .value("console-socket"), .flag("no-pivot"),
    .flag("no-new-keyring"), .value("preserve-fds"), .value("config", "f"), .flag("no-subreaper"),
  ]

  private static func creation(
    _ options: OptionReader, _ id: String, _ context: RuntimeContext
  ) throws(ErrorReport) -> CreateContainer {
    var create = CreateContainer(id, context: context)
    create.bundle = options.value("bundle") ?? "."
    create.pidFile = options.value("pid-file")
    create.consoleSocket = options.value("console-socket").flatMap { $0.isEmpty ? nil : $0 }
    create.noPivot = options.flag("no-pivot")
    create.noNewKeyring = options.flag("no-new-keyring")
    create.preservedDescriptors = Int32(clamping: try options.number("preserve-fds") ?? 0)
    return create
  }

  private static let create = RuntimeCommand(
    name: "create", usage: "create [--bundle DIR] [--pid-file FILE] [--console-socket PATH] ID",
    summary: "make a container that waits for start", options: creating, operands: 1...1
  ) { (options, operands, context) throws(ErrorReport) in
    let create = try creation(options, operands[0], context)
    try reporting { () throws(RuntimeError) in _ = try create.run() }
    return 0
  }

  private static let run = RuntimeCommand(
    name: "run", usage: "run [--bundle DIR] [--detach] [--pid-file FILE] ID",
    summary: "make and start a container",
    options: creating + [.flag("detach", "d"), .flag("keep")], operands: 1...1
  ) { (options, operands, context) throws(ErrorReport) in
    var run = RunContainer(try creation(options, operands[0], context))
    run.detach = options.flag("detach")
    run.keep = options.flag("keep")
    return try reporting { () throws(RuntimeError) in try run.run() }
  }

  private static let start = RuntimeCommand(
    name: "start", usage: "start ID", summary: "start a created container", options: [],
    operands: 1...1
  ) { (_, operands, context) throws(ErrorReport) in
    try reporting { () throws(RuntimeError) in
      try StartContainer(operands[0], context: context).run()
    }
    return 0
  }

  private static let state = RuntimeCommand(
    name: "state", usage: "state ID", summary: "print a container's state as JSON", options: [],
    operands: 1...1
  ) { (_, operands, context) throws(ErrorReport) in
    let state = try reporting { () throws(RuntimeError) in
      try ListContainers(context: context).state(of: operands[0])
    }
    return try RuntimeCommandLine.print(
      String(decoding: state.encoded(pretty: true), as: UTF8.self) + "\n")
  }

  private static let kill = RuntimeCommand(
    name: "kill", usage: "kill [--all] ID [SIGNAL]", summary: "send a signal (default TERM)",
    options: [.flag("all", "a"), .value("regex", "r")], operands: 1...2
  ) { (options, operands, context) throws(ErrorReport) in
    var kill = KillContainer(
      operands[0], signal: try SignalName.number(operands.count > 1 ? operands[1] : "TERM"),
      context: context)
    kill.all = options.flag("all")
    try reporting { () throws(RuntimeError) in try kill.run() }
    return 0
  }

  private static let delete = RuntimeCommand(
    name: "delete", usage: "delete [--force] ID...", summary: "remove a stopped container",
    options: [.flag("force", "f")], operands: 1...1_000
  ) { (options, operands, context) throws(ErrorReport) in
    for id in operands {
      var delete = DeleteContainer(id, context: context)
      delete.force = options.flag("force")
      try reporting { () throws(RuntimeError) in try delete.run() }
    }
    return 0
  }

  private static let list = RuntimeCommand(
    name: "list", usage: "list [--quiet] [--format table|json]", summary: "list the containers",
    options: [.flag("quiet", "q"), .value("format", "f")], operands: 0...0
  ) { (options, _, context) throws(ErrorReport) in
    let states = try reporting { () throws(RuntimeError) in
      try ListContainers(context: context).all()
    }
    if options.flag("quiet") {
      return try RuntimeCommandLine.print(states.map { "\($0.id)\n" }.joined())
    }
    switch options.value("format") ?? "table" {
    case "json":
      return try RuntimeCommandLine.print(
        String(decoding: states.json.encoded(), as: UTF8.self) + "\n")
    case "table": return try RuntimeCommandLine.print(StateTable(states).text)
    case let other: throw ErrorReport(.invalidRequest, "unknown format `\(other)`")
    }
  }
}

/// `list` for people.
struct StateTable {
  let text: String

  init(_ states: [RuntimeState]) {
    var rows = [["NAME", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]]
    for state in states {
      rows.append([
        state.id, "\(state.pid)", state.status.rawValue, state.bundle, state.created ?? "",
        state.owner ?? "",
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    text = rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        if column < row.count - 1 {
          line += String(repeating: " ", count: widths[column] - cell.count + 1)
        }
      }
      return line + "\n"
    }.joined()
  }
}
