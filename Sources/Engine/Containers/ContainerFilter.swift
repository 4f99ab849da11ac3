import LinuxSystem
public import Model

/// `--filter` of commands that choose containers.
///
/// Of one key any value will do, except that every `label` must be there; all keys must match.
public struct ContainerFilter: Sendable {
  private enum Condition: Sendable {
    case id(String)
    case pattern(TextPattern)
    case text(String)
    case code(Int32)
    case moment(Int64)
    case flag(Bool)
  }

  private var conditions: [(key: String, condition: Condition)] = []

  /// - Throws: for a key that is none, or a value that cannot be.
  public init(_ texts: [String]) throws(ErrorReport) {
    for text in texts {
      let (word, rest) = text.cut(at: UInt8(ascii: "="))
      guard let rest else {
        throw ErrorReport(
          .invalidRequest, "invalid filter \"\(text)\": invalid argument",
          hint: "write KEY=VALUE")
      }
      let (key, value) = (String(word), String(rest))
      guard Self.keys.contains(key) else {
        throw ErrorReport(.invalidRequest, "\(key) is an invalid filter")
      }
      conditions.append((key, try Self.condition(key, value)))
    }
  }

  public var isEmpty: Bool { conditions.isEmpty }

  private static let keys: Set = [
    "id", "name", "label", "label!", "status", "exited", "ancestor", "before", "since", "volume",
    "network", "until", "command", "health", "pod", "restart-policy", "should-start-on-boot",
  ]
  private static let states: Set = [
    "created", "initialized", "running", "paused", "stopping", "stopped", "exited", "removing",
    "unknown", "restarting",
  ]

  private static func condition(_ key: String, _ value: String) throws(ErrorReport) -> Condition {
    switch key {
    case "id" where value.allSatisfy(\.isHexDigit): return .id(value.lowercased())
    case "name", "command", "id":
      // Docker's names begin with a slash, which theirs who write them as docker shows them have.
      let text = value.hasPrefix("^/") ? "^" + value.dropFirst(2) : ContainerName.bare(value)
      guard let pattern = TextPattern(key == "name" ? text : value) else {
        throw ErrorReport(.invalidRequest, "filter \(key): \"\(value)\" is no regular expression")
      }
      return .pattern(pattern)
    case "status":
      guard states.contains(value) else {
        throw ErrorReport(.invalidRequest, "\(value) is not a valid status")
      }
      return .text(value == "stopped" ? "exited" : value)
    case "exited":
      guard let code = Int32(value) else {
        throw ErrorReport(.invalidRequest, "exit code \"\(value)\" is not a number")
      }
      return .code(code)
    case "until": return .moment(try Moments.parse(value))
    case "restart-policy":
      guard
        ["no", "none", "always", "on-failure", "unless-stopped"].contains(
          String(value.prefix { $0 != ":" }))
      else { throw ErrorReport(.invalidRequest, "\(value) invalid restart policy") }
      return .text(value)
    case "should-start-on-boot":
      guard value == "true" || value == "false" else {
        throw ErrorReport(.invalidRequest, "filter \(key) takes true or false")
      }
      return .flag(value == "true")
    default: return .text(value)
    }
  }

  /// Whether a state was asked for, so that `ps` shows more than running containers.
  public var mentionsStatus: Bool {
    conditions.contains { $0.key == "status" || $0.key == "exited" }
  }

  /// `all`: every container, for `before` and `since`.
  public func matches(_ row: ContainerSummary, all: [ContainerSummary]) -> Bool {
    if isEmpty { return true }
    for key in Set(conditions.map(\.key)) {
      let values = conditions.filter { $0.key == key }.map(\.condition)
      let passes =
        key == "label" || key == "label!"
        ? values.allSatisfy { matches(row, key, $0, all) }
        : values.contains { matches(row, key, $0, all) }
      if !passes { return false }
    }
    return true
  }

  private func matches(
    _ row: ContainerSummary, _ key: String, _ condition: Condition, _ all: [ContainerSummary]
  ) -> Bool {
    switch condition {
    case .id(let prefix): return row.id.hasPrefix(prefix)
    case .pattern(let pattern):
      switch key {
      case "name": return pattern.matches(row.name)
      case "id": return pattern.matches(row.id)
      default: return pattern.matches(row.command.first ?? "")
      }
    case .moment(let moment): return row.created < moment
    case .flag(let wanted):
      let starts =
        row.restartPolicy == "always" || row.restartPolicy == "unless-stopped" && !row.stoppedByUser
      return wanted == starts
    case .code(let wanted):
      if case .exited(let code, _, _, _) = row.status { return code == wanted }
      return false
    case .text(let text): return matches(row, key, text: text, all)
    }
  }

  private func matches(
    _ row: ContainerSummary, _ key: String, text: String, _ all: [ContainerSummary]
  ) -> Bool {
    switch key {
    case "label": return hasLabel(row, text)
    case "label!": return !hasLabel(row, text)
    case "status": return row.status.word == text
    case "ancestor": return row.isMade(from: text)
    case "before", "since":
      guard let other = all.first(where: { $0.name == text || $0.id.hasPrefix(text) }) else {
        return false
      }
      return key == "before" ? row.created < other.created : row.created > other.created
    case "volume": return row.volumes.contains(text) || row.mounts.contains(text)
    case "network": return row.network == text
    case "restart-policy":
      return row.restartPolicy == text || (row.restartPolicy == "no" && text == "none")
        || row.restartPolicy.hasPrefix("\(text):")
    case "health": return (row.health ?? "none") == text
    // There are no pods: no container is in one.
    default: return false
    }
  }

  private func hasLabel(_ row: ContainerSummary, _ text: String) -> Bool {
    let (key, value) = text.cut(at: UInt8(ascii: "="))
    return row.labels.contains { label in
      Self.glob(key, label.key) && (value.map { $0 == label.value } ?? true)
    }
  }

  /// A key, or with a star at its end the start of one.
  private static func glob(_ pattern: some StringProtocol, _ key: String) -> Bool {
    pattern.hasSuffix("*") ? key.hasPrefix(pattern.dropLast()) : key == String(pattern)
  }
}

extension ContainerSummary {
  /// Whether the container comes from the image called so: its name with or without tag and
  /// registry, or the start of its id.
  func isMade(from text: String) -> Bool {
    image == text || image.hasPrefix("\(text):") || image.hasSuffix("/\(text)")
      || image.contains("/\(text):") || imageID?.hasPrefix(text) == true
      || imageID.map { "sha256:\($0)".hasPrefix(text) && text.hasPrefix("sha256:") } == true
  }
}
