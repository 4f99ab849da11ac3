public import CommandLineKit
public import Engine

/// The options that stand before or after every command's name.
public struct GlobalOptions: Sendable, Equatable {
  public var root: String?
  public var runroot: String?
  /// `runroot` by another name: podman has two directories of that kind.
  public var temporary: String?
  public var runtime: String?
  /// Options for every call of the runtime.
  public var runtimeFlags: [String] = []
  public var logLevel: String?
  public var cgroupManager: String?
  public var storageDriver: String?
  /// Docker's directory of logins.
  public var dockerConfig: String?
  /// Where standard output goes instead.
  public var output: String?
  public var discardsOutput = false
  /// The file of mounts that every container has.
  public var defaultMounts: String?
  /// Docker's switch for `--log-level debug`.
  public var debugs = false
  /// Where events are kept; nil leaves it to containers.conf.
  public var eventsBackend: EventsBackend?
  /// Files that are read after containers.conf.
  public var modules: [String] = []

  public init() {}

  public static var table: [OptionSpec<Self>] {
    [
      .value(
        "root", nil, \.root, "DIR", "Where images, containers and volumes are kept",
        complete: .directory),
      .value(
        "runroot", nil, \.runroot, "DIR", "Where the state of running containers is kept",
        complete: .directory),
      .value(
        "tmpdir", nil, \.temporary, "DIR",
        "Where the state of running containers is kept when --runroot says nothing",
        complete: .directory, hidden: true),
      .value(
        "config", nil, \.dockerConfig, "DIR", "Where docker's config.json with logins is",
        complete: .directory),
      .value(
        "out", nil, \.output, "FILE", "Write standard output to a file", complete: .file),
      .flag("noout", nil, \.discardsOutput, "Write no standard output"),
      .parsed(
        "events-backend", nil, "BACKEND", "Where events are kept",
        choices: EventsBackend.allCases.map(\.rawValue),
        { options, text throws(UsageError) in
          guard let backend = EventsBackend(rawValue: text) else {
            throw UsageError("no such place for events", hint: "use file, journald or none")
          }
          options.eventsBackend = backend
        }),
      .value(
        "default-mounts-file", nil, \.defaultMounts, "FILE",
        "What every new container has mounted, instead of what mounts.conf says",
        complete: .file),
      .list(
        "module", nil, \.modules, "FILE", "Read this file after containers.conf",
        complete: .module),
      .list(
        "runtime-flag", nil, \.runtimeFlags, "FLAG",
        "Pass an option to the OCI runtime, written without its dashes"),
      .parsed(
        "pull-option", nil, "KEY=false", "Not supported: getting parts of layers", repeatable: true,
        hidden: true, { _, text throws(UsageError) in try Self.checkPullOption(text) }),
      .value("runtime", nil, \.runtime, "NAME", "OCI runtime to use: a name or a path"),
      .value(
        "log-level", nil, \.logLevel, "LEVEL", "How much to tell of what happens inside",
        complete: .none),
      .flag("debug", "D", \.debugs, "The same as --log-level debug"),
      .parsed(
        "cgroup-manager", nil, "MANAGER", "Who makes control groups", choices: ["cgroupfs"],
        { options, text throws(UsageError) in
          guard text == "cgroupfs" || text == "systemd" else {
            throw UsageError("no such manager", hint: "use cgroupfs")
          }
          guard text == "cgroupfs" else {
            throw UsageError("the systemd manager is not supported", hint: "use cgroupfs")
          }
          options.cgroupManager = text
        }),
      .parsed(
        "storage-driver", nil, "DRIVER", "How images and containers become one tree",
        choices: Self.storageDrivers,
        { options, text throws(UsageError) in
          guard Self.storageDrivers.contains(text) else {
            throw UsageError(
              "the storage driver is not supported",
              hint: "use \(Self.storageDrivers.joined(separator: ", "))")
          }
          options.storageDriver = text
        }),
    ] + UnsupportedOptions.specs(UnsupportedOptions.global)
  }

  /// podman's ways of getting less than a layer (containers-storage.conf(5), pull_options): each may
  /// be said to be off, which it is.
  private static func checkPullOption(_ text: String) throws(UsageError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts[0], parts.count > 1 ? parts[1] : nil) {
    case ("enable_partial_images", "false"), ("convert_images", "false"),
      ("use_hard_links", "false"), ("ostree_repos", ""):
      return
    case ("enable_partial_images", _), ("convert_images", _), ("use_hard_links", _),
      ("ostree_repos", _):
      throw UsageError("not supported: layers are pulled whole and kept as they are")
    default: throw UsageError("no such option of pulling")
    }
  }

  static let storageDrivers = EngineContext.storageDrivers

  /// This user's directories and this installation, as the options change them.
  public func context() throws -> EngineContext {
    var context = try EngineContext.find(
      root: root, runroot: runroot ?? temporary, runtime: runtime)
    try context.choose(storageDriver: storageDriver, logLevel: debugs ? "debug" : logLevel)
    context.chosenEvents = eventsBackend
    context.modules = modules
    context.dockerConfig = dockerConfig
    context.runtimeFlags = runtimeFlags
    return context
  }
}

extension EngineContext {
  /// The keys that leave a container: those that were given, else those of containers.conf.
  func detachKeys(_ given: String?) throws -> DetachKeys {
    guard let keys = try given ?? ContainerDefaults(self).detachKeys() else { return .standard }
    return try DetachKeys(keys)
  }
}

public typealias MartletCommand = Command<GlobalOptions>
public typealias MartletInvocation = Invocation<GlobalOptions>
