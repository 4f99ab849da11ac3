import LinuxSystem
public import Model

/// `--filter` of the volume commands: any value of a key will do, but every label must be there.
public struct VolumeFilter: Sendable {
  private enum Condition: Sendable {
    case name(TextPattern)
    case pair(String, String?)
    case text(String)
    case flag(Bool)
    case until(Int64)
  }

  private var conditions: [(key: String, condition: Condition)] = []

  /// - Throws: for a key that is none, or a value that cannot be.
  public init(_ texts: [String]) throws(ErrorReport) {
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw ErrorReport(
          .invalidRequest, "invalid filter \"\(text)\": must be in the format of filter=value")
      }
      let key = String(parts[0])
      conditions.append((key, try Self.condition(key, String(parts[1]))))
    }
  }

  public var isEmpty: Bool { conditions.isEmpty }

  private static func condition(_ key: String, _ value: String) throws(ErrorReport) -> Condition {
    switch key {
    case "name":
      guard let pattern = TextPattern(value) else {
        throw ErrorReport(.invalidRequest, "filter name: \"\(value)\" is no regular expression")
      }
      return .name(pattern)
    case "label", "label!", "opt":
      let pair = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return .pair(String(pair[0]), pair.count == 2 ? String(pair[1]) : nil)
    case "driver", "scope": return .text(value)
    case "dangling", "anonymous":
      guard ["true", "1", "false", "0"].contains(value) else {
        throw ErrorReport(
          .invalidRequest,
          "\"\(value)\" is not a valid value for filter \(key): must be true or false")
      }
      return .flag(value == "true" || value == "1")
    case "until": return .until(try Moments.parse(value))
    default:
      throw ErrorReport(.invalidRequest, "\"\(key)\" is an invalid volume filter")
    }
  }

  /// Whether a volume is chosen; `isUsed`: some container mounts it.
  public func matches(_ volume: Volume, isUsed: Bool) -> Bool {
    var keys: [String: Bool] = [:]
    for (key, condition) in conditions {
      let result = Self.matches(key, condition, volume, isUsed)
      let all = key.hasPrefix("label")
      keys[key] = all ? (keys[key] ?? true) && result : (keys[key] ?? false) || result
    }
    return keys.values.allSatisfy { $0 }
  }

  private static func matches(
    _ key: String, _ condition: Condition, _ volume: Volume, _ isUsed: Bool
  ) -> Bool {
    switch condition {
    case .name(let pattern): return pattern.matches(volume.name)
    case .text(let text): return text == "local"
    case .until(let moment): return volume.created < moment
    case .flag(let wanted):
      return key == "dangling" ? wanted != isUsed : wanted == volume.anonymous
    case .pair(let name, let value):
      let found = (key == "opt" ? volume.options : volume.labels)[name]
      let hit = found != nil && (value == nil || value == found)
      return key == "label!" ? !hit : hit
    }
  }
}
