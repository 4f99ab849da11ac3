import Model
import OCISpec

/// The record that `ps` reads instead of the whole configuration: microseconds to decode.
enum ContainerSummaryRecord {
  static func make(_ config: ContainerConfig) -> LineRecord {
    var record = LineRecord()
    record.append("id", config.id)
    record.append("name", config.name)
    record.append("created", "\(config.created)")
    if let image = config.image {
      record.append("image-id", image.id)
      record.append("image", image.name)
    } else if let rootfs = config.rootfs {
      record.append("rootfs", rootfs)
    }
    for word in config.process.arguments { record.append("command", word) }
    for port in config.network.ports { record.append("port", port) }
    for port in config.network.exposed { record.append("expose", port) }
    record.append("network", config.network.mode)
    for mount in config.mounts where mount.kind != .tmpfs {
      record.append("mount", mount.destination)
      if mount.kind == .volume { record.append("volume", mount.source) }
    }
    for (key, value) in config.labels.sorted(by: { $0.key < $1.key }) {
      record.append("label", "\(key)=\(value)")
    }
    if config.lifecycle.autoRemove { record.append("auto-remove", "true") }
    if config.lifecycle.restart != "no" { record.append("restart", config.lifecycle.restart) }
    return record
  }
}

/// One row of `ps`: what was configured and what it is doing.
public struct ContainerSummary: Sendable {
  public var id = ""
  public var name = ""
  /// Nanoseconds since the epoch.
  public var created: Int64 = 0
  public var imageID: String?
  public var image: String
  public var command: [String]
  public var ports: [String]
  /// `80/tcp`, published or not.
  public var exposed: [String]
  public var network: String
  public var mounts: [String]
  public var volumes: [String]
  public var labels: [(key: String, value: String)]
  public var autoRemove: Bool
  public var restartPolicy: String
  /// How often its policy has started it again.
  public var restarts = 0
  /// Somebody ended it, and it has not been started since.
  public var stoppedByUser = false
  /// `starting`, `healthy` or `unhealthy`; nil without a health check.
  public var health: String?
  public var status: ContainerStatus

  init(_ record: LineRecord, _ condition: ContainerCondition) {
    id = record["id"] ?? ""
    name = record["name"] ?? ""
    created = record.integer("created") ?? 0
    imageID = record["image-id"]
    image = record["image"] ?? record["rootfs"] ?? ""
    command = record.all("command")
    ports = record.all("port")
    exposed = record.all("expose")
    network = record["network"] ?? ""
    mounts = record.all("mount")
    volumes = record.all("volume")
    labels = record.all("label").map { text in
      guard let equals = text.firstIndex(of: "=") else { return (text, "") }
      return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
    autoRemove = record.flag("auto-remove")
    restartPolicy = record["restart"] ?? "no"
    status = condition.status
    health = condition.health?.rawValue
    restarts = condition.restarts
    stoppedByUser = condition.stoppedByUser
  }
}
