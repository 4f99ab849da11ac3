import CommandLineKit
import Engine
import LinuxSystem
import Model

/// A row of `ps` in the shapes of its two outputs.
struct ContainerRow {
  private let row: ContainerSummary
  private let truncates: Bool
  /// Bytes that the container has written and those of its image, if they were asked for.
  private let size: (written: Int64, image: Int64)?

  init(
    _ row: ContainerSummary, truncates: Bool, size: (written: Int64, image: Int64)? = nil
  ) {
    self.row = row
    self.truncates = truncates
    self.size = size
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
  static func statusText(_ status: ContainerStatus) -> String {
    switch status {
    case .created: "Created"
    case .initialized: "Initialized"
    case .running(_, let since, let monitored):
      "Up \(Human.duration(Clock.realtime() - since))" + (monitored ? "" : " (monitor lost)")
    case .paused(_, let since): "Up \(Human.duration(Clock.realtime() - since)) (Paused)"
    case .stopping: "Stopping"
    case .restarting: "Restarting"
    case .exited(let code, let finished, _, _):
      "Exited (\(code.map { "\($0)" } ?? "unknown")) \(Human.duration(Clock.realtime() - finished)) ago"
    }
  }

  private var statusText: String {
    let text = Self.statusText(row.status)
    guard let health = row.health, row.status.isAlive else { return text }
    return "\(text) (\(health))"
  }

  /// `11.2kB (virtual 2.15MB)`.
  private var sizeText: String {
    guard let size else { return "" }
    return
      "\(Human.compactSize(size.written)) (virtual \(Human.compactSize(size.written + size.image)))"
  }

  private static let namespaceFiles = [
    ("CGROUPNS", "cgroup"), ("IPC", "ipc"), ("MNT", "mnt"), ("NET", "net"), ("PIDNS", "pid"),
    ("USERNS", "user"), ("UTS", "uts"),
  ]

  /// The inode numbers of the namespaces, as `lsns` shows them; looked up only when asked for.
  private var namespaces: [(String, TemplateObject.Method)] {
    let pid = row.status.pid
    var methods: [(String, TemplateObject.Method)] = []
    for (name, file) in Self.namespaceFiles {
      methods.append((name, Self.namespace(file, of: pid)))
    }
    return methods
  }

  private static func namespace(_ file: String, of pid: Int32?) -> TemplateObject.Method {
    { @Sendable (_: [TemplateValue]) throws(UsageError) -> TemplateValue in
      let link = pid.flatMap { try? FileTree.readLink("/proc/\($0)/ns/\(file)") }
      return .string(link.map { $0.filter(\.isNumber) } ?? "")
    }
  }

  private var exited: (code: Int32, finished: Int64) {
    if case .exited(let code, let finished, _, _) = row.status { return (code ?? -1, finished) }
    return (0, 0)
  }

  /// Seconds; Go's zero time for a container that has not ended.
  private var exitedAt: Int64 {
    exited.finished == 0 ? -62_135_596_800 : exited.finished / 1_000_000_000
  }

  /// For templates.
  var value: TemplateValue {
    let labels = row.labels
    return .object(
      TemplateObject(
        [
          ("Namespaces", .object([])), ("Size", .string(sizeText)),
          ("CIDFile", .string("")), ("ExposedPorts", .string("")), ("IsInfra", .bool(false)),
          ("ExitedAt", .int(exitedAt)),
          ("ID", .string(id)), ("Names", .string(row.name)), ("Image", .string(row.image)),
          ("ImageID", .string(row.imageID.map { String($0.prefix(12)) } ?? "")),
          ("Command", .string(command)),
          ("CreatedAt", .string(Timestamp.goFormat(row.created))),
          ("CreatedHuman", .string(Human.duration(Clock.realtime() - row.created) + " ago")),
          ("Created", .string(Human.duration(Clock.realtime() - row.created) + " ago")),
          ("RunningFor", .string(Human.duration(Clock.realtime() - row.created) + " ago")),
          ("Status", .string(statusText)), ("State", .string(row.status.word)),
          ("Ports", .string(PortText.summary(row.ports, exposed: row.exposed))),
          ("Labels", .map(labels.map { ($0.key, .string($0.value)) })),
          ("Mounts", .string(row.mounts.joined(separator: ","))),
          ("Networks", .string(row.network)), ("Network", .string(row.network)),
          ("Pid", .int(Int64(row.status.pid ?? 0))), ("ExitCode", .int(Int64(exited.code))),
          ("Exited", .bool(exited.finished != 0)), ("AutoRemove", .bool(row.autoRemove)),
          ("StartedAt", .int(since / 1_000_000_000)), ("Pod", .string("")),
          ("PodName", .string("")), ("Restarts", .int(Int64(row.restarts))),
        ],
        methods: namespaces + [("Label", Self.label(labels))]))
  }

  private static func label(_ labels: [(key: String, value: String)]) -> TemplateObject.Method {
    { @Sendable (arguments: [TemplateValue]) throws(UsageError) -> TemplateValue in
      guard case .string(let key)? = arguments.first else { return .string("") }
      return .string(labels.first { $0.key == key }?.value ?? "")
    }
  }

  /// Podman's `ps --format json`.
  var json: TemplateValue {
    .object([
      ("AutoRemove", .bool(row.autoRemove)), ("Command", .strings(row.command)),
      ("CreatedAt", .string(Human.duration(Clock.realtime() - row.created) + " ago")),
      ("CIDFile", .string("")), ("Exited", .bool(exited.finished != 0)),
      ("ExitedAt", .int(exitedAt)), ("ExitCode", .int(Int64(exited.code))),
      ("ExposedPorts", PortText.exposed(row.exposed)), ("Id", .string(row.id)),
      ("Image", .string(row.image)), ("ImageID", .string(row.imageID ?? "")),
      ("IsInfra", .bool(false)),
      ("Labels", row.labels.isEmpty ? .null : .map(row.labels.map { ($0.key, .string($0.value)) })),
      ("Mounts", .strings(row.mounts)), ("Namespaces", .object([])),
      ("Names", .strings([row.name])),
      ("Networks", .strings(row.network.isEmpty ? [] : [row.network])),
      ("Pid", .int(Int64(row.status.pid ?? 0))), ("Pod", .string("")), ("PodName", .string("")),
      ("Ports", row.ports.isEmpty ? .null : .list(row.ports.map(PortText.json))),
      ("Restarts", .int(Int64(row.restarts))),
      (
        "Size",
        size.map {
          .object([
            ("rootFsSize", .int($0.written + $0.image)), ("rwSize", .int($0.written)),
          ])
        } ?? .null
      ), ("StartedAt", .int(since / 1_000_000_000)),
      ("State", .string(row.status.word)), ("Status", .string(statusText)),
      ("Created", .int(row.created / 1_000_000_000)),
    ])
  }
}
