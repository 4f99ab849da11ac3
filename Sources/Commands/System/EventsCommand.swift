import CommandLineKit
import Engine
import Events
import LinuxSystem
import Model

enum EventsCommand {
  struct Options: Sendable {
    var filters: [String] = []
    var format: String?
    var noTruncation = true
    var since: String?
    var until: String?
    var stream = true
  }

  static let command = MartletCommand(
    "events", summary: "Show what happens to containers, images and volumes",
    description: """
      Without --since only what happens from now on; with --stream=false only what is in the log. \
      Filters: container, event, image, label, type, volume.
      """,
    examples: ["martlet events --since 10m --stream=false --filter event=died"],
    positionals: .none, defaults: Options(),
    options: [
      .list("filter", "f", \.filters, "KEY=VALUE", "Only events that match"),
      .value("format", nil, \.format, "FORMAT", "json or a Go template"),
      .flag("no-trunc", nil, \.noTruncation, "Show ids in full"),
      .value("since", nil, \.since, "TIME", "Events from this time or duration on"),
      .flag("stream", nil, \.stream, "Wait for more events"),
      .value("until", nil, \.until, "TIME", "Events up to this time; a duration is from now"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var stream = EventStream(context, try EventFilter(options.filters))
    do {
      stream.since = try options.since.map { text throws(ErrorReport) in try Moments.parse(text) }
      stream.until = try options.until.map { text throws(ErrorReport) in
        try Moments.parse(text, forward: true)
      }
    } catch {
      let report = CommandFailure.report(of: error)
      throw ErrorReport(
        report.kind, "failed to parse event filters: \(report.message)", hint: report.hint)
    }
    stream.follows = options.stream
    let format = try options.format.map { text throws in try OutputFormat(text) }
    try stream.run { event in
      let shown = EventText(event, truncates: !options.noTruncation && options.format == nil)
      guard let format else { return try Output.line(terminalSafe(shown.line)) }
      if format.isJSON {
        try Output.line(shown.value.json())
      } else {
        try Output.write(try format.render([shown.value]))
      }
    }
    return 0
  }
}

/// An event as people and programs read it.
struct EventText {
  private let event: Event
  private let id: String

  init(_ event: Event, truncates: Bool) {
    self.event = event
    id = truncates ? String(event.id.prefix(12)) : event.id
  }

  private var labels: [Event.Attribute] {
    event.attributes.filter { !Event.facts.contains($0.key) }
  }

  /// `2026-01-31 12:00:00.5 +0000 UTC container start ID (image=…, name=…, LABEL=…)`.
  var line: String {
    let start = "\(Timestamp.goFormat(event.time)) \(event.kind.rawValue) \(event.action)"
    switch event.kind {
    case .container, .pod:
      var details = ["image=\(event.image)", "name=\(event.name)"]
      if let health = event[Event.health] { details.append("health_status=\(health)") }
      details += labels.map { "\($0.key)=\($0.value)" }
      return "\(start) \(id) (\(details.joined(separator: ", ")))"
    case .image, .network, .secret:
      return "\(start) \(id) \(event.name)" + (event[Event.error].map { " \($0)" } ?? "")
    case .volume: return "\(start) \(event.name)"
    case .system: return event.name.isEmpty ? start : "\(start) \(event.name)"
    }
  }

  /// Podman's keys; what a template may ask for besides are methods.
  var value: TemplateValue {
    var fields: [(String, TemplateValue)] = []
    func add(_ key: String, _ text: String?) {
      if let text, !text.isEmpty { fields.append((key, .string(text))) }
    }
    let code = event[Event.exitCode].flatMap { Int64($0) }
    if let code { fields.append(("ContainerExitCode", .int(code))) }
    add("ID", event.kind == .volume ? nil : id)
    add("Image", event.image)
    add("Name", event.name)
    fields += [
      ("Status", .string(event.action)), ("time", .int(event.time / 1_000_000_000)),
      ("timeNano", .int(event.time)), ("Type", .string(event.kind.rawValue)),
    ]
    add("health_status", event[Event.health])
    add("Error", event[Event.error])
    let attributes = TemplateValue.map(labels.map { ($0.key, .string($0.value)) })
    fields.append(("Attributes", labels.isEmpty ? .null : attributes))
    let time = event.time
    let others: [(String, TemplateValue)] = [
      ("Time", .int(time / 1_000_000_000)), ("TimeNano", .int(time)), ("ID", .string(id)),
      ("Image", .string(event.image)), ("Name", .string(event.name)), ("PodID", .string("")),
      ("Network", .string("")), ("HealthStatus", .string(event[Event.health] ?? "")),
      ("HealthLog", .string(event[Event.healthLog] ?? "")),
      ("Error", .string(event[Event.error] ?? "")),
      ("ContainerExitCode", code.map { .int($0) } ?? .null),
    ]
    return .object(
      TemplateObject(fields, methods: others.map { key, value in (key, { _ in value }) }))
  }
}
