extension ImageConfig {
  /// The defaults for a container of the image (the `config` object).
  public struct Execution: Hashable, Sendable {
    public var user: String?
    /// `80/tcp` and the like, sorted.
    public var exposedPorts: [String] = []
    /// `NAME=value` entries; what has no name and no `=` is dropped when read.
    public var environment: [String] = []
    public var entrypoint: [String]?
    public var command: [String]?
    /// Paths in the container, sorted.
    public var volumes: [String] = []
    public var workingDirectory: String?
    public var labels: [String: String] = [:]
    public var stopSignal: String?
    public var healthcheck: Healthcheck?
    public var shell: [String]?
    public var onBuild: [String]?

    public init() {}
  }

  /// Docker's health check; it is not part of the image-spec.
  public struct Healthcheck: Codable, Hashable, Sendable {
    /// `["NONE"]`, `["CMD", ...]` or `["CMD-SHELL", line]`.
    public var test: [String]?
    /// All times are nanoseconds, as Docker writes them.
    public var interval: Int64?
    public var timeout: Int64?
    public var startPeriod: Int64?
    public var startInterval: Int64?
    public var retries: Int?

    public init(test: [String]?) { self.test = test }

    private enum CodingKeys: String, CodingKey {
      case test = "Test"
      case interval = "Interval"
      case timeout = "Timeout"
      case startPeriod = "StartPeriod"
      case startInterval = "StartInterval"
      case retries = "Retries"
    }
  }
}

extension ImageConfig.Execution: Codable {
  private enum CodingKeys: String, CodingKey {
    case user = "User"
    case exposedPorts = "ExposedPorts"
    case environment = "Env"
    case entrypoint = "Entrypoint"
    case command = "Cmd"
    case volumes = "Volumes"
    case workingDirectory = "WorkingDir"
    case labels = "Labels"
    case stopSignal = "StopSignal"
    case healthcheck = "Healthcheck"
    case shell = "Shell"
    case onBuild = "OnBuild"
  }

  /// Go's `map[string]struct{}`.
  private struct Present: Codable {}

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func keys(_ key: CodingKeys) throws -> [String] {
      (try container.decodeIfPresent([String: Present].self, forKey: key) ?? [:]).keys.sorted()
    }
    user = try container.decodeIfPresent(String.self, forKey: .user)
    exposedPorts = try keys(.exposedPorts)
    environment = (try container.decodeIfPresent([String].self, forKey: .environment) ?? [])
      .filter(Self.isAssignment)
    entrypoint = try container.decodeIfPresent([String].self, forKey: .entrypoint)
    command = try container.decodeIfPresent([String].self, forKey: .command)
    volumes = try keys(.volumes)
    workingDirectory = try container.decodeIfPresent(String.self, forKey: .workingDirectory)
    labels = try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
    stopSignal = try container.decodeIfPresent(String.self, forKey: .stopSignal)
    healthcheck = try container.decodeIfPresent(ImageConfig.Healthcheck.self, forKey: .healthcheck)
    shell = try container.decodeIfPresent([String].self, forKey: .shell)
    onBuild = try container.decodeIfPresent([String].self, forKey: .onBuild)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func put(_ names: [String], _ key: CodingKeys) throws {
      guard !names.isEmpty else { return }
      let present = names.map { ($0, Present()) }
      try container.encode(Dictionary(present) { first, _ in first }, forKey: key)
    }
    try container.encodeIfPresent(user, forKey: .user)
    try put(exposedPorts, .exposedPorts)
    if !environment.isEmpty { try container.encode(environment, forKey: .environment) }
    try container.encodeIfPresent(entrypoint, forKey: .entrypoint)
    try container.encodeIfPresent(command, forKey: .command)
    try put(volumes, .volumes)
    try container.encodeIfPresent(workingDirectory, forKey: .workingDirectory)
    if !labels.isEmpty { try container.encode(labels, forKey: .labels) }
    try container.encodeIfPresent(stopSignal, forKey: .stopSignal)
    try container.encodeIfPresent(healthcheck, forKey: .healthcheck)
    try container.encodeIfPresent(shell, forKey: .shell)
    try container.encodeIfPresent(onBuild, forKey: .onBuild)
  }

  /// An entry without `=` made a tool pass its own variable of that name into the container
  /// (CVE-2026-57231); a NUL would cut the entry short.
  private static func isAssignment(_ entry: String) -> Bool {
    guard let equals = entry.utf8.firstIndex(of: UInt8(ascii: "=")) else { return false }
    return equals != entry.startIndex && !entry.utf8.contains(0)
  }
}
