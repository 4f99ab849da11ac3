import CommandLineKit
import Engine
import LinuxSystem
import Model

enum StatsCommand {
  struct Options: Sendable {
    var all = false
    var latest = false
    var format: String?
    var interval = 5
    var noReset = false
    var noStream = false
    var noTruncation = false
  }

  static let command = Command<GlobalOptions>(
    "stats", summary: "Show what running containers use",
    usage: "[options] [CONTAINER...]",
    description: """
      CPU % is the share of one CPU since the last reading, and at first since the start.
      """,
    examples: ["martlet stats --no-stream", "martlet stats --format json --no-stream"],
    positionals: .atLeast(0, .runningContainer), defaults: Options(),
    options: [
      .flag("all", "a", \.all, "Containers that do not run too"),
      .value("format", nil, \.format, "FORMAT", "json, table, or a Go template"),
      .integer("interval", "i", \.interval, "SECONDS", "Seconds between two readings"),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("no-reset", nil, \.noReset, "Do not clear the screen between readings"),
      .flag("no-stream", nil, \.noStream, "Read once"),
      .flag("no-trunc", nil, \.noTruncation, "Do not shorten ids"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    if [options.all, options.latest, !invocation.arguments.isEmpty].count(where: { $0 }) > 1 {
      throw ErrorReport(
        .invalidRequest, "--all, --latest and containers cannot be used together")
    }
    guard options.interval > 0 else {
      throw ErrorReport(.invalidRequest, "--interval takes a number of seconds from 1 on")
    }
    let clears = !options.noReset && Descriptor.isTerminal(Descriptor.standardOutput)
    var last: [String: ContainerUsage] = [:]
    while true {
      let rows = try read(options, invocation.arguments, context, &last)
      let text = try render(rows, options)
      try Output.write(clears && !options.noStream ? "\u{1B}[H\u{1B}[2J\(text)" : text)
      if options.noStream { return 0 }
      try Clock.pause(milliseconds: Int32(clamping: options.interval * 1000))
    }
  }

  private static func read(
    _ options: Options, _ words: [String], _ context: EngineContext,
    _ last: inout [String: ContainerUsage]
  ) throws -> [StatsRow] {
    var list = try ListContainers(context).run()
    if !words.isEmpty {
      let store = ContainerStore(context)
      let ids = try words.map { try store.resolve($0) }
      list = ids.compactMap { id in list.first { $0.id == id } }
    } else if options.latest {
      list = Array(list.prefix(1))
    } else if !options.all {
      list = list.filter { $0.status.isAlive }
    }
    let reader = ReadStats()
    return list.map { row in
      let usage = reader.read(row.id, row.status)
      defer { last[row.id] = usage }
      return StatsRow(
        row: row, usage: usage, before: last[row.id], truncates: !options.noTruncation)
    }
  }

  private static func render(_ rows: [StatsRow], _ options: Options) throws -> String {
    if options.format == "json" {
      return TemplateValue.list(rows.map(\.json)).json(pretty: true) + "\n"
    }
    let table = "table \(columns)"
    let format = try OutputFormat(
      options.format ?? table, headings: headings, defaultTable: table)
    return try format.render(rows.map(\.value), showsHeading: true)
  }

  private static let columns =
    "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t"
    + "{{.PIDs}}\t{{.UpTime}}\t{{.AvgCPU}}"

  private static let headings = [
    "CPUPerc": "CPU %", "MemUsage": "MEM USAGE / LIMIT", "MemPerc": "MEM %", "NetIO": "NET IO",
    "BlockIO": "BLOCK IO", "PIDs": "PIDS", "PIDS": "PIDS", "UpTime": "CPU TIME",
    "AvgCPU": "AVG CPU %", "MemUsageBytes": "MEM USAGE / LIMIT", "ContainerID": "CONTAINER ID",
  ]
}

/// A row of `stats` in the shapes of its outputs.
struct StatsRow {
  let row: ContainerSummary
  let usage: ContainerUsage
  let before: ContainerUsage?
  let truncates: Bool

  private var id: String { truncates ? String(row.id.prefix(12)) : row.id }

  /// Hundredths of a percent.
  private static func share(_ part: UInt64, of whole: UInt64) -> UInt64 {
    whole == 0 ? 0 : UInt64(Double(part) * 10_000 / Double(whole) + 0.5)
  }

  private static func percent(_ hundredths: UInt64) -> String {
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)%"
  }

  private var averageCPU: UInt64 {
    Self.share(usage.cpu, of: UInt64(clamping: usage.running))
  }

  private var currentCPU: UInt64 {
    guard let before, usage.cpu >= before.cpu, usage.time > before.time else { return averageCPU }
    return Self.share(usage.cpu - before.cpu, of: UInt64(clamping: usage.time - before.time))
  }

  private var memoryShare: String {
    Self.percent(Self.share(usage.memory, of: usage.memoryLimit))
  }

  private func pair(_ first: UInt64, _ second: UInt64) -> String {
    "\(Human.compactSize(Int64(clamping: first))) / \(Human.compactSize(Int64(clamping: second)))"
  }

  private var cpuTime: String { GoDuration.format(Int64(clamping: usage.cpu)) }

  /// For templates.
  var value: TemplateValue {
    .object([
      ("ID", .string(id)), ("ContainerID", .string(row.id)), ("Name", .string(row.name)),
      ("CPUPerc", .string(Self.percent(currentCPU))),
      ("CPU", .double(Double(currentCPU) / 100)),
      ("AvgCPU", .string(Self.percent(averageCPU))),
      ("CPUNano", .int(Int64(clamping: usage.cpu))),
      ("CPUSystemNano", .int(Int64(clamping: usage.cpuSystem))),
      ("SystemNano", .int(usage.time)), ("Duration", .int(Int64(clamping: usage.cpu))),
      ("UpTime", .string(cpuTime)),
      ("MemUsage", .string(pair(usage.memory, usage.memoryLimit))),
      ("MemUsageBytes", .string(bytes)),
      ("MemLimit", .int(Int64(clamping: usage.memoryLimit))), ("MemPerc", .string(memoryShare)),
      ("NetIO", .string(pair(usage.networkIn, usage.networkOut))),
      ("NetInput", .int(Int64(clamping: usage.networkIn))),
      ("NetOutput", .int(Int64(clamping: usage.networkOut))),
      ("BlockIO", .string(pair(usage.blockIn, usage.blockOut))),
      ("BlockInput", .int(Int64(clamping: usage.blockIn))),
      ("BlockOutput", .int(Int64(clamping: usage.blockOut))),
      ("PIDs", .int(Int64(clamping: usage.processes))),
      ("PIDS", .int(Int64(clamping: usage.processes))),
    ])
  }

  /// In powers of 1024.
  private var bytes: String {
    func text(_ value: UInt64) -> String {
      let units = ["B", "KiB", "MiB", "GiB", "TiB"]
      var scale: UInt64 = 1
      var unit = 0
      while value / scale >= 1024, unit < units.count - 1 {
        scale *= 1024
        unit += 1
      }
      let tenths = (value * 10 + scale / 2) / scale
      return unit == 0 || tenths % 10 == 0
        ? "\(tenths / 10)\(units[unit])" : "\(tenths / 10).\(tenths % 10)\(units[unit])"
    }
    return "\(text(usage.memory)) / \(text(usage.memoryLimit))"
  }

  /// Podman's `stats --format json`: everything is a string.
  var json: TemplateValue {
    .object([
      ("id", .string(id)), ("name", .string(row.name)), ("cpu_time", .string(cpuTime)),
      ("cpu_percent", .string(Self.percent(currentCPU))),
      ("avg_cpu", .string(Self.percent(averageCPU))),
      ("mem_usage", .string(pair(usage.memory, usage.memoryLimit))),
      ("mem_percent", .string(memoryShare)),
      ("net_io", .string(pair(usage.networkIn, usage.networkOut))),
      ("block_io", .string(pair(usage.blockIn, usage.blockOut))),
      ("pids", .string("\(usage.processes)")),
    ])
  }
}
