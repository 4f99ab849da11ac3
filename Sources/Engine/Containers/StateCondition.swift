/// The states that `wait --condition` waits for.
public struct StateCondition: Sendable {
  public static let words = [
    "configured", "created", "exited", "healthy", "initialized", "paused", "removing", "running",
    "stopped", "stopping", "unhealthy",
  ]

  private let wanted: Set<String>

  /// None is the container's end.
  public init(_ words: [String]) {
    // Podman's names for the same: what is configured here is created there.
    let names = words.map { $0 == "stopped" ? "exited" : $0 == "configured" ? "created" : $0 }
    wanted = Set(names.isEmpty ? ["exited"] : names)
  }

  /// Whether only the end is waited for.
  public var isEnd: Bool { wanted == ["exited"] }

  func holds(_ status: ContainerStatus, health: String?) -> Bool {
    if wanted.contains(status.word) { return true }
    guard let health, status.isAlive else { return false }
    return wanted.contains(health)
  }

  /// Whether a container that is gone is what was waited for.
  var meetsRemoval: Bool { wanted.contains("removing") || wanted.contains("exited") }
}
