/// When a container is started again after it has ended by itself.
public enum RestartPolicy: Equatable, Sendable, CustomStringConvertible {
  case never
  /// After a non-zero exit code, at most `attempts` times in a row; nil: without end.
  case onFailure(attempts: Int?)
  case always
  /// As `always`; a container that was stopped by hand stays stopped over a reboot.
  case unlessStopped

  /// Reads `no`, `on-failure[:N]`, `always` or `unless-stopped`; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "no", "": self = .never
    case "always": self = .always
    case "unless-stopped": self = .unlessStopped
    case "on-failure": self = .onFailure(attempts: nil)
    default:
      guard text.hasPrefix("on-failure:"), let count = Int(text.dropFirst(11)), count >= 0 else {
        return nil
      }
      self = .onFailure(attempts: count == 0 ? nil : count)
    }
  }

  public var description: String {
    switch self {
    case .never: "no"
    case .onFailure(nil): "on-failure"
    case .onFailure(let count?): "on-failure:\(count)"
    case .always: "always"
    case .unlessStopped: "unless-stopped"
    }
  }

  /// Whether a container that ended with `code` after `restarts` restarts is started again.
  public func restarts(afterCode code: Int32, restarts: Int) -> Bool {
    switch self {
    case .never: false
    case .onFailure(let attempts): code != 0 && restarts < attempts ?? .max
    case .always, .unlessStopped: true
    }
  }
}
