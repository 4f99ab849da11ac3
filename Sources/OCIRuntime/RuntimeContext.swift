import Cgroups
import LinuxSystem
import OCISpec

/// What every command needs: the global options.
public struct RuntimeContext: Sendable {
  /// --root; nil is the default place.
  public var root: String?
  public var systemdCgroup = false
  /// Whether containers stay in the caller's cgroup.
  public var disablesCgroups = false
  /// Whether a cgroup that cannot be made is an error even when no limit is asked for.
  public var needsCgroup = false
  /// The program that checkpoints; nil is `criu` of $PATH.
  public var criu: String?
  /// Prints what happens inside.
  public var debug: @Sendable (() -> String) -> Void = { _ in }
  /// Prints a warning (to the log, or standard error).
  public var warn: @Sendable (String) -> Void = { _ in }

  public init() {}

  var states: StateDirectory { StateDirectory(root) }

  /// Where compiled filters are kept: a user's cache, or the state directory of root.
  var filterCache: SeccompCache {
    if CurrentProcess.effectiveUser != 0,
      let cache = CurrentProcess.environment("XDG_CACHE_HOME")
        ?? CurrentProcess.environment("HOME").map({ "\($0)/.cache" }), cache.hasPrefix("/")
    {
      return SeccompCache(directory: "\(cache)/martlet/seccomp")
    }
    // Outside the containers' directories: ids cannot start with a dot.
    return SeccompCache(directory: "\(states.path)/.seccomp")
  }

  /// The configuration that the container was made with.
  func loadSpec(_ record: StateRecord) throws(RuntimeError) -> RuntimeSpec {
    try loadSpec(record.bundle, file: record.config ?? Self.configurationFile)
  }

  /// The file of that configuration.
  func configuration(_ record: StateRecord) -> String {
    path(record.config ?? Self.configurationFile, in: record.bundle)
  }

  private static let configurationFile = "config.json"

  private func path(_ file: String, in bundle: String) -> String {
    file.hasPrefix("/") ? file : "\(bundle)/\(file)"
  }

  /// The bundle's configuration, at most 16 MB of it.
  func loadSpec(_ bundle: String, file: String = "config.json") throws(RuntimeError) -> RuntimeSpec
  {
    let path = path(file, in: bundle)
    let bytes = try during("read \(path)") { () throws(SystemError) in
      try FileTree.read(path, limit: 1 << 24)
    }
    do { return try RuntimeSpec(parsing: bytes) } catch {
      throw .badDocument(file: path, error)
    }
  }
}
