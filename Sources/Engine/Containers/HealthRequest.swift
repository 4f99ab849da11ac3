import LinuxSystem
import Model
import OCISpec

/// The health check that was asked for; nil takes the image's, or the default.
public struct HealthRequest: Sendable, Equatable {
  public var isOff = false
  /// A command line, or a JSON array of words.
  public var command: String?
  /// Nanoseconds; an interval of 0 probes only when asked.
  public var interval: Int64?
  public var timeout: Int64?
  public var retries: Int?
  public var startPeriod: Int64?
  public var startInterval: Int64?
  public var startupCommand: String?
  public var startupInterval: Int64?
  public var startupTimeout: Int64?
  public var startupRetries: Int?
  public var startupSuccesses: Int?
  public var onFailure: String?
  public var logCount: Int?
  public var logSize: Int?
  public var logDestination: String?

  public init() {}

  /// The check to configure, or nil for none; `image` is the image's as docker's JSON.
  func resolve(image: String?) throws(ErrorReport) -> ContainerHealth? {
    if isOff {
      guard command == nil else {
        throw ErrorReport(
          .invalidRequest, "--no-healthcheck and --health-cmd cannot be used together")
      }
      return try refuseAction()
    }
    var health = image.flatMap(Self.parse(image:)) ?? ContainerHealth()
    if let command { health.test = Self.test(command) }
    if health.test.isEmpty || health.test[0] == "NONE" { return try refuseAction() }
    try fill(&health)
    return health
  }

  /// The check of a container that has `current`, after an `update`; nil for none.
  func changed(_ current: ContainerHealth?) throws(ErrorReport) -> ContainerHealth? {
    if self == HealthRequest() { return current }
    if isOff {
      var other = self
      other.isOff = false
      guard other == HealthRequest() else {
        throw ErrorReport(
          .invalidRequest, "cannot specify both --no-healthcheck and other health check flags")
      }
      return nil
    }
    var health = current ?? ContainerHealth()
    if let command { health.test = Self.test(command) }
    if health.test.first == "NONE" { return nil }
    guard !health.test.isEmpty else {
      throw ErrorReport(
        .invalidRequest, "healthcheck command is not set", hint: "add --health-cmd")
    }
    try fill(&health)
    return health
  }

  private func refuseAction() throws(ErrorReport) -> ContainerHealth? {
    if let onFailure, onFailure != "none" {
      throw ErrorReport(
        .invalidRequest, "cannot set on-failure action to \(onFailure) without a health check")
    }
    if startupCommand != nil {
      throw ErrorReport(
        .invalidRequest, "--health-startup-cmd needs a regular health check too",
        hint: "add --health-cmd")
    }
    return nil
  }

  private func fill(_ health: inout ContainerHealth) throws(ErrorReport) {
    if let interval { health.interval = interval }
    if let timeout { health.timeout = timeout }
    if let retries { health.retries = retries }
    if let startPeriod { health.startPeriod = startPeriod }
    if let startInterval { health.startInterval = startInterval }
    if let startupCommand {
      health.startupTest = Self.test(startupCommand)
      if health.startupTest[0] == "NONE" { health.startupTest = [] }
    }
    if let startupInterval { health.startupInterval = startupInterval }
    if let startupTimeout { health.startupTimeout = startupTimeout }
    if let startupRetries { health.startupRetries = startupRetries }
    if let startupSuccesses { health.startupSuccesses = startupSuccesses }
    if let onFailure { health.onFailure = onFailure }
    if let logCount { health.logCount = logCount }
    if let logSize { health.logSize = logSize }
    if let logDestination { health.logDestination = try Self.destination(logDestination) }
    for (name, value, least) in [
      ("retries", health.retries, 1), ("startup-retries", health.startupRetries, 0),
      ("startup-success", health.startupSuccesses, 0), ("max-log-count", health.logCount, 0),
      ("max-log-size", health.logSize, 0),
    ] where value < least {
      throw ErrorReport(.invalidRequest, "--health-\(name) must be at least \(least)")
    }
    for (name, value) in [("timeout", health.timeout), ("startup-timeout", health.startupTimeout)]
    where value < 1_000_000 {
      throw ErrorReport(.invalidRequest, "--health-\(name) must be at least 1ms")
    }
  }

  private static func destination(_ text: String) throws(ErrorReport) -> String {
    if text == "local" || text == ContainerHealth.eventsDestination { return text }
    do throws(SystemError) {
      let path = try FileTree.resolve(text)
      guard try FileStatus.of(path, follow: true).kind == .directory else {
        throw SystemError("open", text, errno: Errno.notDirectory)
      }
      return path
    } catch {
      throw ErrorReport(
        .invalidRequest, "--health-log-destination \(text): \(error.reason)",
        hint: "use local, events_logger or a directory")
    }
  }

  /// A command as docker and podman read it: `none`, words after `CMD` or `CMD-SHELL`, a JSON array,
  /// or a shell line.
  static func test(_ command: String) -> [String] {
    if let value = try? JSONValue(parsing: Array(command.utf8)), case .array(let items) = value {
      var words: [String] = []
      for case .string(let word) in items { words.append(word) }
      guard let first = words.first, words.count == items.count else {
        return ["CMD-SHELL", command]
      }
      if ["CMD", "CMD-SHELL", "NONE"].contains(first.uppercased()) {
        return [first.uppercased()] + words.dropFirst()
      }
      return words.count > 1 ? ["CMD"] + words : ["CMD-SHELL", first]
    }
    let words = command.split(separator: " ").map(String.init)
    switch words.first?.uppercased() {
    case "NONE": return ["NONE"]
    case "CMD": return ["CMD"] + words.dropFirst()
    case "CMD-SHELL": return ["CMD-SHELL", words.dropFirst().joined(separator: " ")]
    default: return ["CMD-SHELL", command]
    }
  }

  private static func parse(image text: String) -> ContainerHealth? {
    guard let value = try? JSONValue(parsing: Array(text.utf8)), case .object(let object) = value
    else { return nil }
    func number(_ key: String) -> Int64? {
      if case .integer(let number)? = object.find(key), number > 0 { return number }
      return nil
    }
    var health = ContainerHealth()
    if case .array(let items)? = object.find("Test") {
      for case .string(let word) in items { health.test.append(word) }
    }
    health.interval = number("Interval") ?? health.interval
    health.timeout = number("Timeout") ?? health.timeout
    health.startPeriod = number("StartPeriod") ?? 0
    health.startInterval = number("StartInterval")
    health.retries = number("Retries").map { Int(clamping: $0) } ?? health.retries
    return health
  }
}
