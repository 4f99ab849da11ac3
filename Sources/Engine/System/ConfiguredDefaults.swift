import LinuxSystem
import RegistryConfig

/// What containers.conf says in place of what commands do by themselves, for their help.
public enum ConfiguredDefaults {
  /// Texts by table and key, such as "engine.retry"; texts of containers.conf are in quotes.
  ///
  /// A file that cannot be read counts as none: commands tell of it, help does not fail by it.
  public static func find() -> [String: String] {
    guard let config = try? ConfigFiles.current.containers() else { return [:] }
    var found: [String: String] = [:]
    if let retries = try? config.integer("engine", "retry") { found["engine.retry"] = "\(retries)" }
    if let delay = try? config.text("engine", "retry_delay") {
      found["engine.retry_delay"] = "\"\(delay)\""
    }
    return found
  }
}
