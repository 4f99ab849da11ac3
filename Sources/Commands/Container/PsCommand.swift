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
    var size = false
    var namespaces = false
    var pod = false
    var external = false
    var sync = false
    var watch: Int?
  }

  static let command = Command<GlobalOptions>(
    "ps", summary: "List containers",
    examples: ["martlet ps -a", "martlet ps --format '{{.Names}} {{.Status}}'"],
    positionals: .none, defaults: Options(),
    options: [
      .flag("all", "a", \.all, "Show containers that do not run too"),
      .flag(
        "external", nil, \.external, "Other tools' containers too; Martlet's storage has none",
        aliases: ["storage"]),
      .list("filter", "f", \.filters, "KEY=VALUE", "Only containers that match"),
      .value("format", nil, \.format, "FORMAT", "json, table, or a Go template"),
      .integer("last", "n", \.last, "COUNT", "Show the last created containers"),
      .flag("latest", "l", \.latest, "Show the container that was created last"),
      .flag("namespace", nil, \.namespaces, "Show the namespaces", aliases: ["ns"]),
      .flag(
        "no-trunc", nil, \.noTruncation, "Do not shorten ids and commands",
        aliases: ["notruncate"]),
      .flag("noheading", nil, \.noHeading, "Leave the heading out"),
      .flag("pod", "p", \.pod, "Not supported: there are no pods"),
      .flag("quiet", "q", \.quiet, "Show ids only"),
      .flag("size", "s", \.size, "Show how much disk space the containers take"),
      .value(
        "sort", nil, \.sort, "KEY", "Sort by a column",
        choices: ["command", "created", "id", "image", "names", "runningfor", "size", "status"]),
      .flag("sync", nil, \.sync, "The state is always read anew; for scripts that ask for it"),
      .integer("watch", "w", \.watch, "SECONDS", "Show the list again and again"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    try check(options)
    guard let seconds = options.watch else {
      try Output.write(try render(options, context))
      return 0
    }
    while true {
      // The whole screen at once, so that it does not flicker.
      try Output.write("\u{1B}[H\u{1B}[2J\(try render(options, context))")
      try Clock.pause(milliseconds: Int32(clamping: seconds * 1000))
    }
  }

  private static func check(_ options: Options) throws(ErrorReport) {
    if options.pod {
      throw ErrorReport(.invalidRequest, "--pod is not supported: there are no pods")
    }
    if options.quiet, options.size {
      throw ErrorReport(.invalidRequest, "size and quiet cannot be used together")
    }
    if options.last != nil, options.latest {
      throw ErrorReport(.invalidRequest, "last and latest cannot be used together")
    }
    if let seconds = options.watch, !(1...86_400).contains(seconds) {
      throw ErrorReport(.invalidRequest, "--watch takes a number of seconds from 1 on")
    }
  }

  private static func render(_ options: Options, _ context: EngineContext) throws -> String {
    let rows = try chosen(options, context)
    if options.quiet, options.format == nil {
      return rows.map { (options.noTruncation ? $0.id : String($0.id.prefix(12))) + "\n" }.joined()
    }
    let isJSON = options.format == "json"
    let truncates = !isJSON && !options.noTruncation
    let shown =
      options.size || options.sort == "size"
      ? sized(rows, truncates, options, context)
      : rows.map { ContainerRow($0, truncates: truncates) }
    if isJSON { return TemplateValue.list(shown.map(\.json)).json(pretty: true) + "\n" }
    let values = shown.map(\.value)
    if let text = options.format, text.contains(".Size"), !options.size {
      throw ErrorReport(.invalidRequest, "size format requires --size option")
    }
    let table = "table \(columns(options))"
    let format = try OutputFormat(
      options.format ?? table, headings: headings, defaultTable: table)
    return try format.render(values, showsHeading: !options.noHeading)
  }

  /// With their sizes, and by them if that is asked for.
  private static func sized(
    _ rows: [ContainerSummary], _ truncates: Bool, _ options: Options, _ context: EngineContext
  ) -> [ContainerRow] {
    let sizes = ContainerSize(context)
    var sized = rows.map { ($0, (written: sizes.written($0.id), image: sizes.image($0) ?? 0)) }
    if options.sort == "size" { sized.sort { $0.1.written < $1.1.written } }
    return sized.map {
      ContainerRow($0, truncates: truncates, size: options.size ? $1 : nil)
    }
  }

  /// The rows to show, in their order.
  private static func chosen(_ options: Options, _ context: EngineContext) throws
    -> [ContainerSummary]
  {
    let filter = try ContainerFilter(options.filters)
    var rows = try ListContainers(context).run()
    let showsAll =
      options.all || options.last != nil || options.latest || filter.mentionsStatus
    if !showsAll || !filter.isEmpty {
      let all = rows
      rows = all.filter { (showsAll || isShown($0)) && filter.matches($0, all: all) }
    }
    if let count = options.latest ? 1 : options.last, count >= 0 {
      rows = Array(rows.prefix(count))
    }
    // The newest come first when some are chosen, and last when they are shown, as with podman.
    rows.reverse()
    sort(&rows, by: options.sort)
    return rows
  }

  private static func columns(_ options: Options) -> String {
    if options.namespaces {
      return
        "{{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.CGROUPNS}}\t{{.IPC}}\t{{.MNT}}\t{{.NET}}\t{{.PIDNS}}"
        + "\t{{.USERNS}}\t{{.UTS}}"
    }
    let usual =
      "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
    return options.size ? "\(usual)\t{{.Size}}" : usual
  }

  private static let headings = [
    "ID": "CONTAINER ID", "CreatedHuman": "CREATED", "RunningFor": "CREATED",
    "CreatedAt": "CREATED AT", "Pid": "PID", "ImageID": "IMAGE ID", "PodName": "PODNAME",
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
