import Model
import OCISpec

/// `--log-driver` and `--log-opt`.
enum LogOptions {
  static let drivers: [MonitorOrder.LogDriver] = [
    .k8sFile, .jsonFile, .journald, .none, .passthrough, .passthroughTerminal,
  ]

  static func apply(_ driver: String?, _ options: [String], to lifecycle: inout ContainerLifecycle)
    throws(ErrorReport)
  {
    if let driver {
      guard MonitorOrder.LogDriver(rawValue: driver) != nil else {
        throw ErrorReport(
          .invalidRequest, "log driver \(driver) is not supported",
          hint: "use one of \(drivers.map(\.rawValue).joined(separator: ", "))")
      }
      lifecycle.logDriver = driver
    }
    for (key, value) in try KeyValues.parse(options, what: "log option") {
      switch key {
      case "path": lifecycle.logPath = value
      case "max-size":
        // Podman's way to say that there is no limit.
        if value == "-1" { continue }
        guard let size = ByteSize.parse(value, scale: 1000), size > 0 else {
          throw invalid(key, value)
        }
        lifecycle.logMaxSize = size
      case "max-file", "max-files":
        guard let count = Int(value), (1...1_000).contains(count) else { throw invalid(key, value) }
        lifecycle.logMaxFiles = count
      case "tag": lifecycle.logTag = value
      case "labels": lifecycle.logLabels = words(value)
      case "env": lifecycle.logEnvironment = words(value)
      case "mode" where value == "non-blocking": continue
      case "mode":
        throw ErrorReport(
          .invalidRequest, "log option mode=\(value) is not supported",
          hint: "a log never blocks its container: leave the option out")
      default:
        throw ErrorReport(.invalidRequest, "log option \(key) is not supported")
      }
    }
  }

  private static func invalid(_ key: String, _ value: String) -> ErrorReport {
    ErrorReport(.invalidRequest, "invalid log option \(key)=\(value)")
  }

  private static func words(_ list: String) -> [String] {
    list.split(separator: ",").map(String.init)
  }

  /// What the monitor is told of the log.
  ///
  /// `directory`: the container's, where the log is when no path was given.
  static func order(_ config: ContainerConfig, directory: String) throws(ErrorReport)
    -> MonitorOrder.Log
  {
    let lifecycle = config.lifecycle
    guard let driver = MonitorOrder.LogDriver(rawValue: lifecycle.logDriver) else {
      throw ErrorReport(.invalidRequest, "log driver \(lifecycle.logDriver) is not supported")
    }
    var log = MonitorOrder.Log(
      driver: driver, path: lifecycle.logPath ?? "\(directory)/ctr.log",
      maximumSize: lifecycle.logMaxSize, maximumFiles: lifecycle.logMaxFiles)
    let extra = extras(config)
    let tag = try lifecycle.logTag.map { text throws(ErrorReport) in try expand(text, config) }
    switch driver {
    case .journald:
      log.path = lifecycle.logPath ?? ""
      log.maximumSize = nil
      log.fields = [
        "CONTAINER_ID=\(config.id.prefix(12))", "CONTAINER_ID_FULL=\(config.id)",
        "CONTAINER_NAME=\(config.name)", "IMAGE_NAME=\(config.image?.name ?? "")",
        "SYSLOG_IDENTIFIER=\(tag ?? config.name)",
      ]
      if let tag { log.fields.append("CONTAINER_TAG=\(tag)") }
      log.fields += extra.map { "\(fieldName($0.key))=\($0.value)" }
    case .jsonFile:
      var attributes = extra.map { (key: $0.key, value: JSONValue.string($0.value)) }
      if let tag { attributes.append((key: "tag", value: .string(tag))) }
      if !attributes.isEmpty { log.attributes = json(attributes) }
    default: break
    }
    return log
  }

  private static func extras(_ config: ContainerConfig) -> [(key: String, value: String)] {
    var found: [(key: String, value: String)] = []
    for key in config.lifecycle.logLabels {
      if let value = config.labels[key] { found.append((key, value)) }
    }
    for key in config.lifecycle.logEnvironment {
      if let entry = config.process.environment.last(where: { $0.hasPrefix("\(key)=") }) {
        found.append((key, String(entry.dropFirst(key.utf8.count + 1))))
      }
    }
    return found
  }

  /// The journal knows capital letters, digits and underscores (systemd.journal-fields(7)).
  private static func fieldName(_ text: String) -> String {
    let name = text.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return String(name.drop { $0 == "_" || $0.isNumber })
  }

  private static func json(_ entries: [(key: String, value: JSONValue)]) -> String {
    let object = JSONObject(entries.map { JSONObject.Member($0.key, $0.value) })
    return String(decoding: JSONValue.object(object).encoded(), as: UTF8.self)
  }

  /// Docker's names in a tag: `{{.Name}}/{{.ID}}`.
  private static func expand(_ text: String, _ config: ContainerConfig) throws(ErrorReport)
    -> String
  {
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), rest[open...].hasPrefix("{{") {
      result += rest[..<open]
      rest = rest[open...]
      guard let close = rest.firstIndex(of: "}"), rest[close...].hasPrefix("}}") else { break }
      let name = rest[..<close].dropFirst(2).filter { $0 != " " }
      guard let value = value(of: name, config) else {
        throw ErrorReport(
          .invalidRequest, "log tag \"\(text)\": {{\(name)}} is not supported",
          hint: "use .ID, .FullID, .Name, .ImageID, .ImageFullID, .ImageName or .DaemonName")
      }
      result += value
      rest = rest[close...].dropFirst(2)
    }
    return result + rest
  }

  private static func value(of name: String, _ config: ContainerConfig) -> String? {
    switch name {
    case ".ID": String(config.id.prefix(12))
    case ".FullID": config.id
    case ".Name": config.name
    case ".ImageID": String((config.image?.id ?? "").prefix(12))
    case ".ImageFullID": config.image?.id ?? ""
    case ".ImageName": config.image?.name ?? ""
    case ".DaemonName": "martlet"
    default: nil
    }
  }
}
