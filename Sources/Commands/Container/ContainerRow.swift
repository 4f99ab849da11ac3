import CommandLineKit
import Engine
import LinuxSystem
import Model

/// A row of `ps` in the shapes of its two outputs.
final class ContainerRow: TemplateRecord {
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

  private var id: String { truncates ? String(row.id.utf8.prefix(12)) ?? "" : row.id }

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

  private var exited: (code: Int32, finished: Int64) {
    if case .exited(let code, let finished, _, _) = row.status { return (code ?? -1, finished) }
    return (0, 0)
  }

  /// Seconds; Go's zero time for a container that has not ended.
  private var exitedAt: Int64 {
    exited.finished == 0 ? -62_135_596_800 : exited.finished / 1_000_000_000
  }

  private var age: String { Human.ago(row.created) }

  // MARK: templates

  var value: TemplateValue { .object(TemplateObject(self)) }

  var names: [String] { Self.columns.map { $0.name } }

  func member(_ name: String) -> TemplateObject.Member? {
    Self.columns.first { $0.name == name }?.member(self)
  }

  private struct Column: Sendable {
    let name: String
    let member: @Sendable (ContainerRow) -> TemplateObject.Member

    static func text(_ name: String, _ text: @escaping @Sendable (ContainerRow) -> String) -> Column
    {
      Column(name: name) { .field(.string(text($0))) }
    }

    static func number(
      _ name: String, _ number: @escaping @Sendable (ContainerRow) -> Int64
    ) -> Column {
      Column(name: name) { .field(.int(number($0))) }
    }

    static func flag(_ name: String, _ flag: @escaping @Sendable (ContainerRow) -> Bool) -> Column {
      Column(name: name) { .field(.bool(flag($0))) }
    }

    /// The inode number of a namespace, as `lsns` shows it; no part of the whole row.
    static func namespace(_ name: String, _ file: String) -> Column {
      Column(name: name) { shown in
        let pid = shown.row.status.pid
        return .method { (_: [TemplateValue]) throws(UsageError) -> TemplateValue in
          let link = pid.flatMap { try? FileTree.readLink("/proc/\($0)/ns/\(file)") }
          return .string(link.map { $0.filter(\.isNumber) } ?? "")
        }
      }
    }
  }

  private static let columns: [Column] = [
    Column(name: "Namespaces") { _ in .field(.object([])) },
    .text("Size") { $0.sizeText }, .text("CIDFile") { _ in "" },
    .text("ExposedPorts") { _ in "" }, .flag("IsInfra") { _ in false },
    .number("ExitedAt") { $0.exitedAt },
    .text("ID") { $0.id }, .text("Names") { $0.row.name }, .text("Image") { $0.row.image },
    .text("ImageID") { $0.row.imageID.map { String($0.prefix(12)) } ?? "" },
    .text("Command") { $0.command },
    .text("CreatedAt") { Timestamp.goFormat($0.row.created) },
    .text("CreatedHuman") { $0.age }, .text("Created") { $0.age }, .text("RunningFor") { $0.age },
    .text("Status") { $0.statusText }, .text("State") { $0.row.status.word },
    .text("Ports") { PortText.summary($0.row.ports, exposed: $0.row.exposed) },
    Column(name: "Labels") { .field(.map($0.row.labels.map { ($0.key, .string($0.value)) })) },
    .text("Mounts") { $0.row.mounts.joined(separator: ",") },
    .text("Networks") { $0.row.network }, .text("Network") { $0.row.network },
    .number("Pid") { Int64($0.row.status.pid ?? 0) },
    .number("ExitCode") { Int64($0.exited.code) },
    .flag("Exited") { $0.exited.finished != 0 }, .flag("AutoRemove") { $0.row.autoRemove },
    .number("StartedAt") { $0.since / 1_000_000_000 }, .text("Pod") { _ in "" },
    .text("PodName") { _ in "" }, .number("Restarts") { Int64($0.row.restarts) },
    .namespace("CGROUPNS", "cgroup"), .namespace("IPC", "ipc"), .namespace("MNT", "mnt"),
    .namespace("NET", "net"), .namespace("PIDNS", "pid"), .namespace("USERNS", "user"),
    .namespace("UTS", "uts"),
    Column(name: "Label") { shown in
      let labels = shown.row.labels
      return .method { (arguments: [TemplateValue]) throws(UsageError) -> TemplateValue in
        guard case .string(let key)? = arguments.first else { return .string("") }
        return .string(labels.first { $0.key == key }?.value ?? "")
      }
    },
  ]

  /// Podman's `ps --format json`.
  var json: TemplateValue {
    .object([
      ("AutoRemove", .bool(row.autoRemove)), ("Command", .strings(row.command)),
      ("CreatedAt", .string(age)),
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
