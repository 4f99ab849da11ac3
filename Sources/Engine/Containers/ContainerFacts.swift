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
  /// `CAP_SYS_ADMIN` for `sys_admin`.
  public static func name(_ text: String) -> String {
    (try? Capabilities.normalise(text)) ?? text
  }

  /// What the first process has: all for root, for others what was added by name.
  public static func effective(_ config: ContainerConfig) -> [String] {
    let all = (try? names(config)) ?? []
    let user = config.process.user.prefix { $0 != ":" }
    if user.isEmpty || user == "0" || user == "root" { return all }
    let added = config.security.capAdd.map(name)
    return added.contains("ALL") ? all : all.filter(added.contains)
  }

  public static func names(_ config: ContainerConfig) throws -> [String] {
    try Capabilities.resolve(config.security, available: Set(Capabilities.all))
  }
}
