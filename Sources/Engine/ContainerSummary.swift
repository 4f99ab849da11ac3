import LinuxSystem
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
  public private(set) var id = ""
  public private(set) var name = ""
  /// Nanoseconds since the epoch.
  public private(set) var created: Int64 = 0
  public private(set) var imageID: String?
  public private(set) var image = ""
  public private(set) var command: [String] = []
  public private(set) var ports: [String] = []
  /// `80/tcp`, published or not.
  public private(set) var exposed: [String] = []
  public private(set) var network = ""
  public private(set) var mounts: [String] = []
  public private(set) var volumes: [String] = []
  public private(set) var labels: [(key: String, value: String)] = []
  public private(set) var autoRemove = false
  public private(set) var restartPolicy = "no"
  public internal(set) var condition = ContainerCondition(status: .created)

  public var status: ContainerStatus { condition.status }
  /// How often its policy has started it again.
  public var restarts: Int { condition.restarts }
  /// Somebody ended it, and it has not been started since.
  public var stoppedByUser: Bool { condition.stoppedByUser }
  /// `starting`, `healthy` or `unhealthy`; nil without a health check.
  public var health: String? { condition.health?.rawValue }

  /// What was configured, from the text of its record; nil when that is torn.
  init?(parsing bytes: [UInt8]) {
    guard LineRecord.read(bytes, { take($0, $1) }) else { return nil }
  }

  private mutating func take(_ key: String, _ value: String) {
    switch key {
    case "id": id = value
    case "name": name = value
    case "created": created = Int64(value) ?? 0
    case "image-id": imageID = value
    // A container has an image or a root directory of the user's.
    case "image", "rootfs": image = value
    case "command": command.append(value)
    case "port": ports.append(value)
    case "expose": exposed.append(value)
    case "network": network = value
    case "mount": mounts.append(value)
    case "volume": volumes.append(value)
    case "label":
      let (key, text) = value.cut(at: UInt8(ascii: "="))
      labels.append((String(key), String(text ?? "")))
    case "auto-remove": autoRemove = value == "true"
    case "restart": restartPolicy = value
    default: break
    }
  }
}
