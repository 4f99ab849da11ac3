import CommandLineKit
import Engine
import LinuxSystem
import Model

enum PsCommand {
  struct Options: Sendable {
    var all = false
    var quiet = false
    var noTruncation = false
    var format: String?
    var filters: [String] = []
    var last: Int?
    var latest = false
    var sort = "created"
    var noHeading = false
  }

  static let command = Command<GlobalOptions>(
    "ps", summary: "List containers",
    examples: ["martlet ps -a", "martlet ps --format '{{.Names}} {{.Status}}'"],
    positionals: .none, defaults: Options(),
    options: [
      .flag("all", "a", \.all, "Show containers that do not run too"),
      .list("filter", "f", \.filters, "KEY=VALUE", "Only containers that match"),
      .value("format", nil, \.format, "FORMAT", "json, table, or a Go template"),
      .integer("last", "n", \.last, "COUNT", "Show the last created containers"),
      .flag("latest", "l", \.latest, "Show the container that was created last"),
      .flag(
        "no-trunc", nil, \.noTruncation, "Do not shorten ids and commands",
        aliases: ["notruncate"]),
      .flag("noheading", nil, \.noHeading, "Leave the heading out"),
      .flag("quiet", "q", \.quiet, "Show ids only"),
      .value(
        "sort", nil, \.sort, "KEY", "Sort by a column",
        choices: ["command", "created", "id", "image", "names", "runningfor", "status"]),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let filter = try ContainerFilter(options.filters)
    var rows = try ListContainers(context).run()
    let showsAll =
      options.all || options.last != nil || options.latest || filter.mentionsStatus
    rows = rows.filter { filter.matches($0, all: rows) && (showsAll || isShown($0)) }
    if let count = options.latest ? 1 : options.last { rows = Array(rows.prefix(max(count, 0))) }
    sort(&rows, by: options.sort)
    if options.quiet, options.format == nil {
      for row in rows { try Output.line(options.noTruncation ? row.id : String(row.id.prefix(12))) }
      return 0
    }
    let values = rows.map { ContainerRow($0, truncates: !options.noTruncation).value }
    if options.format == "json" {
      try Output.line(
        TemplateValue.list(rows.map { ContainerRow($0, truncates: false).json }).json(pretty: true))
      return 0
    }
    let format = try OutputFormat(
      options.format ?? defaultTable, headings: headings, defaultTable: defaultTable)
    try Output.write(try format.render(values, showsHeading: !options.noHeading))
    return 0
  }

  private static let defaultTable =
    "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"

  private static let headings = [
    "ID": "CONTAINER ID", "CreatedHuman": "CREATED", "RunningFor": "CREATED",
    "CreatedAt": "CREATED AT", "Pid": "PID",
  ]

  private static func isShown(_ row: ContainerSummary) -> Bool {
    switch row.status {
    case .running, .paused, .stopping, .restarting: true
    default: false
    }
  }

  private static func sort(_ rows: inout [ContainerSummary], by key: String) {
    switch key {
    case "command":
      rows.sort { $0.command.joined(separator: " ") < $1.command.joined(separator: " ") }
    case "id": rows.sort { $0.id < $1.id }
    case "image": rows.sort { $0.image < $1.image }
    case "names": rows.sort { $0.name < $1.name }
    case "status": rows.sort { $0.status.word < $1.status.word }
    default: break
    }
  }
}

/// A row of `ps` in the shapes of its two outputs.
struct ContainerRow {
  private let row: ContainerSummary
  private let truncates: Bool

  init(_ row: ContainerSummary, truncates: Bool) {
    self.row = row
    self.truncates = truncates
  }

  private var id: String { truncates ? String(row.id.prefix(12)) : row.id }

  private var command: String {
    let text = row.command.joined(separator: " ")
    return truncates ? truncated(text, to: 17) : text
  }

  private var since: Int64 {
    switch row.status {
    case .running(_, let since, _), .paused(_, let since), .stopping(_, let since): since
    case .exited(_, _, let started, _): started
    default: 0
    }
  }

  /// `Up 5 minutes`, `Exited (0) 3 seconds ago`, `Created`.
  static func statusText(_ row: ContainerSummary) -> String {
    switch row.status {
    case .created: "Created"
    case .initialized: "Initialized"
    case .running(_, let since, let monitored):
      "Up \(Human.duration(Clock.realtime() - since))" + (monitored ? "" : " (monitor lost)")
        + (row.health.map { " (\($0))" } ?? "")
    case .paused(_, let since): "Up \(Human.duration(Clock.realtime() - since)) (Paused)"
    case .stopping: "Stopping"
    case .restarting: "Restarting"
    case .exited(let code, let finished, _, _):
      "Exited (\(code.map { "\($0)" } ?? "unknown")) \(Human.duration(Clock.realtime() - finished)) ago"
    }
  }

  private var exited: (code: Int32, finished: Int64) {
    if case .exited(let code, let finished, _, _) = row.status { return (code ?? -1, finished) }
    return (0, 0)
  }

  /// For templates.
  var value: TemplateValue {
    let labels = row.labels
    return .object(
      TemplateObject(
        [
          ("ID", .string(id)), ("Names", .string(row.name)), ("Image", .string(row.image)),
          ("ImageID", .string(row.imageID.map { String($0.prefix(12)) } ?? "")),
          ("Command", .string(command)),
          ("CreatedAt", .string(Timestamp.goFormat(row.created))),
          ("CreatedHuman", .string(Human.duration(Clock.realtime() - row.created) + " ago")),
          ("Created", .string(Human.duration(Clock.realtime() - row.created) + " ago")),
          ("RunningFor", .string(Human.duration(Clock.realtime() - row.created) + " ago")),
          ("Status", .string(Self.statusText(row))), ("State", .string(row.status.word)),
          ("Ports", .string(row.ports.map(PortText.display).joined(separator: ", "))),
          ("Labels", .string(labels.map { "\($0.key)=\($0.value)" }.joined(separator: ","))),
          ("Mounts", .string(row.mounts.joined(separator: ","))),
          ("Networks", .string(row.network)), ("Network", .string(row.network)),
          ("Pid", .int(Int64(row.status.pid ?? 0))), ("ExitCode", .int(Int64(exited.code))),
          ("Exited", .bool(exited.finished != 0)), ("AutoRemove", .bool(row.autoRemove)),
          ("StartedAt", .int(since / 1_000_000_000)), ("Pod", .string("")),
          ("PodName", .string("")), ("Restarts", .int(Int64(row.restarts))),
        ],
        methods: [
          (
            "Label",
            { arguments in
              guard case .string(let key)? = arguments.first else { return .string("") }
              return .string(labels.first { $0.key == key }?.value ?? "")
            }
          )
        ]))
  }

  /// Podman's `ps --format json`.
  var json: TemplateValue {
    .object([
      ("AutoRemove", .bool(row.autoRemove)), ("Command", .strings(row.command)),
      ("CreatedAt", .string(Human.duration(Clock.realtime() - row.created) + " ago")),
      ("Exited", .bool(exited.finished != 0)),
      ("ExitedAt", .int(exited.finished == 0 ? -62_135_596_800 : exited.finished / 1_000_000_000)),
      ("ExitCode", .int(Int64(exited.code))), ("Id", .string(row.id)),
      ("Image", .string(row.image)), ("ImageID", .string(row.imageID ?? "")),
      ("IsInfra", .bool(false)),
      ("Labels", row.labels.isEmpty ? .null : .map(row.labels.map { ($0.key, .string($0.value)) })),
      ("Mounts", .strings(row.mounts)), ("Names", .strings([row.name])),
      ("Networks", .strings(row.network.isEmpty ? [] : [row.network])),
      ("Pid", .int(Int64(row.status.pid ?? 0))), ("Pod", .string("")), ("PodName", .string("")),
      ("Ports", row.ports.isEmpty ? .null : .list(row.ports.map(PortText.json))),
      ("Restarts", .int(Int64(row.restarts))), ("Size", .null),
      ("StartedAt", .int(since / 1_000_000_000)),
      ("State", .string(row.status.word)), ("Status", .string(Self.statusText(row))),
      ("Created", .int(row.created / 1_000_000_000)),
    ])
  }
}

/// Published ports as `ps` shows them.
enum PortText {
  private static func parts(_ port: String) -> (
    ip: String, host: String, inside: String, kind: String
  ) {
    let pair = port.split(separator: "/", maxSplits: 1)
    let fields = pair[0].split(separator: ":", omittingEmptySubsequences: false)
    let kind = pair.count == 2 ? String(pair[1]) : "tcp"
    let inside = String(fields.last ?? "")
    let host = fields.count > 1 ? String(fields[fields.count - 2]) : ""
    let ip = fields.dropLast(2).joined(separator: ":")
    return (ip, host, inside, kind)
  }

  static func display(_ port: String) -> String {
    let (ip, host, inside, kind) = parts(port)
    return "\(ip.isEmpty ? "0.0.0.0" : ip):\(host)->\(inside)/\(kind)"
  }

  static func json(_ port: String) -> TemplateValue {
    let (ip, host, inside, kind) = parts(port)
    return .object([
      ("host_ip", .string(ip)), ("container_port", .int(Int64(inside) ?? 0)),
      ("host_port", .int(Int64(host) ?? 0)), ("range", .int(1)), ("protocol", .string(kind)),
    ])
  }
}
