public import Diagnostics
public import LayerStorage
public import LinuxSystem
public import Model
import RegistryConfig
public import StateStore
import Synchronization
public import UserNamespaces

/// What every operation needs to know about this user and this installation.
public struct EngineContext: Sendable {
  public let directories: UserDirectories
  /// Where `martlet-monitor`, `martlet-image` and the other helpers are.
  public let helpers: String
  /// Where `martlet` and `martlet-oci` are.
  public let programs: String
  public let uid: UInt32
  public let gid: UInt32
  /// The command line as it was typed.
  public let commandLine: [String]
  /// `--runtime`: a name or a path.
  public var runtime: String?
  /// `--runtime-flag`: options of the runtime's own, without their dashes.
  public var runtimeFlags: [String] = []
  /// `--storage-driver`; nil takes the first that works.
  public var storageDriver: StorageDriver?
  /// `--config`: where docker's config.json is, instead of what DOCKER_CONFIG says.
  public var dockerConfig: String?
  public var log = Log()
  /// `--events-backend`; nil leaves it to containers.conf.
  public var chosenEvents: EventsBackend?
  /// `--module`: files that are read after containers.conf.
  public var modules: [String] = []
  private let namespaces = NamespaceMemory()

  public init(directories: UserDirectories, commandLine: [String]) throws(SystemError) {
    self.directories = directories
    self.commandLine = commandLine
    uid = CurrentProcess.effectiveUser
    gid = CurrentProcess.effectiveGroup
    let executable = try CurrentProcess.executablePath()
    let directory = executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? "/usr/bin"
    programs = directory
    let installed = directory.hasSuffix("/bin") ? "\(directory.dropLast(4))/libexec/martlet" : ""
    helpers = FileTree.exists("\(installed)/martlet-monitor") ? installed : directory
  }

  /// What storage.conf says of stores whose images are read as well; it is read once.
  ///
  /// - Throws: when storage.conf cannot be read.
  public func additionalStores() throws -> [AdditionalStore] {
    if let stores = namespaces.additionalStores.withLock({ $0 }) { return stores }
    let stores = try findAdditionalStores()
    namespaces.additionalStores.withLock { $0 = stores }
    return stores
  }

  /// What `--module` finds by its name alone.
  public static var moduleNames: [String] { ConfigFiles.current.moduleNames }

  /// containers.conf and what is read after it; it is read once.
  func containersConfig() throws(ErrorReport) -> ContainersConfig {
    if let config = namespaces.config.withLock({ $0 }) { return config }
    let config = try ConfigFiles.current.containers(modules: modules)
    namespaces.config.withLock { $0 = config }
    return config
  }

  public var containers: String { "\(directories.data)/containers" }
  public var names: String { "\(directories.data)/names" }
  public var volumes: String { "\(directories.data)/volumes" }
  public var trash: String { "\(directories.data)/trash" }
  public var live: String { "\(directories.runtime)/containers" }
  public var runtimeState: String { "\(directories.runtime)/oci" }

  /// What stands before the command of every call of the runtime.
  var runtimeArguments: [String] { runtimeFlags.map { "--\($0)" } + ["--root", runtimeState] }

  /// The user's name in /etc/passwd, else $USER; nil when neither tells.
  ///
  /// It is read once.
  public var userName: String? {
    if let name = namespaces.userName.withLock({ $0 }) { return name }
    let name = findUserName()
    namespaces.userName.withLock { $0 = name }
    return name
  }

  private func findUserName() -> String? {
    if let text = try? FileTree.readText("/etc/passwd", limit: 1 << 20) {
      let number = "\(uid)"
      for line in text.parts(at: UInt8(ascii: "\n")) {
        let fields = line.parts(at: UInt8(ascii: ":"), omittingEmpty: false)
        if fields.count > 3, fields[2] == number { return String(fields[0]) }
      }
    }
    return CurrentProcess.environment("USER")
  }

  /// How to come into the user namespace of this user's containers.
  public func namespacePlan() throws(UserNamespaceError) -> UserNamespacePlan {
    if let plan = namespaces.plan.withLock({ $0 }) { return plan }
    let plan = try decideNamespacePlan()
    namespaces.plan.withLock { $0 = plan }
    return plan
  }

  /// The id map of that namespace; nil on a machine's root.
  func idMapping() throws(UserNamespaceError) -> IDMapping? {
    if case .map(let map) = try namespacePlan() { map } else { nil }
  }

  private func decideNamespacePlan() throws(UserNamespaceError) -> UserNamespacePlan {
    if uid == 0 { return .alreadyRoot }
    let sources = subordinateSources
    let ranges = try SubordinateRanges.load(name: userName, uid: uid, from: sources)
    guard !ranges.users.isEmpty else {
      throw .noSubordinateIDs(file: sources.users, user: userName ?? "\(uid)")
    }
    guard !ranges.groups.isEmpty else {
      throw .noSubordinateIDs(file: sources.groups, user: userName ?? "\(uid)")
    }
    return .map(.rootless(uid: uid, gid: gid, users: ranges.users, groups: ranges.groups))
  }

  private var subordinateSources: SubordinateRanges.Sources {
    let helper = "\(helpers)/martlet-subid"
    return SubordinateRanges.Sources(helper: FileTree.exists(helper) ? helper : nil)
  }

  /// The subordinate ids of somebody, by name or number; empty when there are none.
  func subordinateRanges(of name: String) throws(UserNamespaceError) -> SubordinateRanges {
    // Lines may name a user by number: we know ours.
    let number = name == userName ? uid : UInt32(name) ?? .max
    return try SubordinateRanges.load(name: name, uid: number, from: subordinateSources)
  }

  public func userNamespace() throws(UserNamespaceError) -> UserNamespace {
    userNamespace(try namespacePlan())
  }

  func userNamespace(_ plan: UserNamespacePlan) -> UserNamespace {
    var namespace = UserNamespace(plan)
    namespace.prepared = namespaces.prepared.withLock { $0 }
    return namespace
  }

  /// Begins to make the user namespace that a container will surely need, beside what comes before.
  ///
  /// What prevents it is told when the namespace is needed.
  public func prepareNamespace() {
    if let plan = try? namespacePlan() { prepareNamespace(plan, neededSoon: false) }
  }

  /// The same for a container whose plan is known; nothing where a namespace is prepared already.
  func prepareNamespace(_ plan: UserNamespacePlan, neededSoon: Bool) {
    namespaces.prepared.withLock { prepared in
      if prepared == nil { prepared = PreparedNamespace(plan, neededSoon: neededSoon) }
    }
  }

  /// Whether a process that becomes a monitor may have this one's memory: the first one may.
  ///
  /// It leaves behind all that it had allocated.
  func lendMemory() -> Bool {
    namespaces.hasLentMemory.withLock { hasLent in
      defer { hasLent = true }
      return !hasLent
    }
  }

  /// The container is in its namespace: ours need not be held any more.
  func releaseNamespace() {
    namespaces.prepared.withLock { prepared in
      prepared?.release()
      prepared = nil
    }
  }

  /// Keeps the monitor's lock of a container that was just made until its start takes it, so that no
  /// prune meets it between.
  func keepLock(_ lock: consuming FileLock, of id: String) {
    let kept = KeptLock(id: id, lock: lock)
    namespaces.keptLock.withLock { $0 = kept }
  }

  func keepsLock(of id: String) -> Bool {
    namespaces.keptLock.withLock { $0?.id == id }
  }

  /// Hands over the lock that was kept, or lets it go.
  func takeKeptLock(of id: String) -> FileLock? {
    namespaces.keptLock.withLock { kept -> KeptLock? in
      guard kept?.id == id else { return nil }
      defer { kept = nil }
      return kept
    }?.take()
  }

  /// The environment for helpers and runtimes: an allow-list, so that nothing the user's shell holds
  /// leaks into them by accident.
  public var helperEnvironment: [String] {
    var kept: [String] = []
    if let dockerConfig { kept.append("DOCKER_CONFIG=\(dockerConfig)") }
    for name in Self.passedOn where dockerConfig == nil || name != "DOCKER_CONFIG" {
      if let value = CurrentProcess.environment(name) { kept.append("\(name)=\(value)") }
    }
    return kept + [
      "MARTLET_DATA_ROOT=\(directories.data)", "MARTLET_RUNTIME_ROOT=\(directories.runtime)",
    ]
  }

  private static let passedOn = [
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_DATA_HOME",
    "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "DBUS_SESSION_BUS_ADDRESS", "REGISTRY_AUTH_FILE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "DOCKER_CONFIG", "ALL_PROXY",
    "all_proxy", "CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE", "CONTAINERS_REGISTRIES_CONF",
    "CONTAINERS_STORAGE_CONF", "GNUPGHOME", "GPG_TTY",
    "PASSWORD_STORE_DIR",
    "DISPLAY", "WAYLAND_DISPLAY",
  ]

  /// The OCI runtime called `name`: a path, or found beside us or in the system.
  public func runtimePath(_ name: String?) throws(ErrorReport) -> String {
    let wanted = name ?? runtime ?? "martlet-oci"
    if wanted.contains("/") {
      guard FileTree.isExecutable(wanted) else {
        throw ErrorReport(.notFound, "runtime \(wanted) is not an executable file")
      }
      return wanted
    }
    if let found = Program.find(wanted, in: [programs, helpers] + Program.systemDirectories) {
      return found
    }
    throw ErrorReport(
      .notFound, "runtime \(wanted) is not installed", hint: "sudo apt-get install \(wanted)")
  }
}

/// What the copies of a context know together.
private final class NamespaceMemory: Sendable {
  let plan = Mutex<UserNamespacePlan?>(nil)
  let prepared = Mutex<PreparedNamespace?>(nil)
  let additionalStores = Mutex<[AdditionalStore]?>(nil)
  let config = Mutex<ContainersConfig?>(nil)
  let userName = Mutex<String?>(nil)
  let keptLock = Mutex<KeptLock?>(nil)
  let hasLentMemory = Mutex(false)
}

/// A lock on its way from a container's maker to its start.
private final class KeptLock: Sendable {
  let id: String
  private let lock: Mutex<FileLock?>

  init(id: String, lock: consuming FileLock) {
    self.id = id
    self.lock = Mutex(lock)
  }

  func take() -> FileLock? { lock.withLock { $0.take() } }
}
