import LinuxSystem
import Model
import StateStore

extension ContainerStore {
  /// The monitor of a container that lives; nil when there is none.
  public func monitorPID(_ id: String) -> Int32? {
    guard let record = try? RecordStore(liveDirectory(id)).find("state"),
      (try? FileLock.isHeld(monitorLock(id))) == true
    else { return nil }
    return record.integer("monitor").map { Int32(truncatingIfNeeded: $0) }
  }
}

/// The capabilities that a container's root has.
public enum ContainerCapabilities {
  public static func names(_ config: ContainerConfig) throws -> [String] {
    try Capabilities.resolve(
      add: config.security.capAdd, drop: config.security.capDrop,
      privileged: config.security.privileged, available: Set(Capabilities.all))
  }
}
