public import Model
public import OCISpec

/// One image as its record tells it: all that starting a container needs, in one small file.
public struct StoredImage: Equatable, Sendable {
  /// The digest of the config.
  public var id: Digest
  public var manifest: Digest
  /// Nanoseconds since the epoch; 0 when the image does not say.
  public var created: Int64
  /// Bytes of all its unpacked layers.
  public var size: Int64
  public var platform: Platform
  /// Chain IDs, lowest first.
  public var layers: [Digest]
  /// The defaults for a container; its healthcheck is in `healthcheck`.
  public var execution: ImageConfig.Execution
  /// Docker's health check as JSON.
  public var healthcheck: String?
  public var author: String?

  public init(
    id: Digest, manifest: Digest, created: Int64, size: Int64, platform: Platform,
    layers: [Digest], execution: ImageConfig.Execution
  ) {
    self.id = id
    self.manifest = manifest
    self.created = created
    self.size = size
    self.platform = platform
    self.layers = layers
    self.execution = execution
    self.execution.healthcheck = nil
    self.execution.onBuild = nil
  }

  public init?(_ record: LineRecord) {
    guard let id = record.digest("id"), let manifest = record.digest("manifest"),
      let created = record.integer("created"), let size = record.integer("size"),
      let os = record["os"], let architecture = record["architecture"]
    else { return nil }
    let layers = record.all("layer").compactMap { try? Digest($0) }
    guard layers.count == record.all("layer").count else { return nil }
    self.id = id
    self.manifest = manifest
    self.created = created
    self.size = size
    self.layers = layers
    platform = Platform(os: os, architecture: architecture, variant: record["variant"])
    execution = ImageConfig.Execution()
    healthcheck = record["healthcheck"]
    author = record["author"]
    readExecution(record)
  }

  private mutating func readExecution(_ record: LineRecord) {
    func list(_ key: String) -> [String]? {
      record["has-\(key)"] == nil ? nil : record.all(key)
    }
    execution.entrypoint = list("entrypoint")
    execution.command = list("cmd")
    execution.shell = list("shell")
    execution.environment = record.all("env")
    execution.user = record["user"]
    execution.workingDirectory = record["workdir"]
    execution.volumes = record.all("volume")
    execution.exposedPorts = record.all("port")
    execution.stopSignal = record["stop-signal"]
    // Keys and values alternate: a key may hold any character.
    let labels = record.all("label")
    for index in stride(from: 0, to: labels.count - 1, by: 2) {
      execution.labels[labels[index]] = labels[index + 1]
    }
  }

  public var record: LineRecord {
    var record = LineRecord()
    record["id"] = "\(id)"
    record["manifest"] = "\(manifest)"
    record["created"] = "\(created)"
    record["size"] = "\(size)"
    record["os"] = platform.os
    record["architecture"] = platform.architecture
    record["variant"] = platform.variant
    record["author"] = author
    for layer in layers { record.append("layer", "\(layer)") }
    func put(_ key: String, _ values: [String]?) {
      guard let values else { return }
      record.append("has-\(key)", "true")
      for value in values { record.append(key, value) }
    }
    put("entrypoint", execution.entrypoint)
    put("cmd", execution.command)
    put("shell", execution.shell)
    for value in execution.environment { record.append("env", value) }
    record["user"] = execution.user
    record["workdir"] = execution.workingDirectory
    for value in execution.volumes { record.append("volume", value) }
    for value in execution.exposedPorts { record.append("port", value) }
    record["stop-signal"] = execution.stopSignal
    for (key, value) in execution.labels.sorted(by: { $0.key < $1.key }) {
      record.append("label", key)
      record.append("label", value)
    }
    record["healthcheck"] = healthcheck
    return record
  }
}
