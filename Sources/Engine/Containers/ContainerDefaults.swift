import LinuxSystem
public import Model
import RegistryConfig

/// What containers.conf says of new containers and of terminals, for what the command line leaves
/// open.
public struct ContainerDefaults: Sendable {
  private let config: ContainersConfig

  /// What the files say that the context has read, or reads now.
  public init(_ context: EngineContext) throws(ErrorReport) {
    config = try context.containersConfig()
  }

  init(_ config: ContainersConfig) { self.config = config }

  /// `detach_keys`; nil when nothing is said, empty turns detaching off.
  public func detachKeys() throws(ErrorReport) -> String? {
    try config.anyText("engine", "detach_keys")
  }

  /// `privileged`: whether every `exec` has all the rights that the user has.
  public func execIsPrivileged() throws(ErrorReport) -> Bool {
    try config.flag("containers", "privileged") ?? false
  }

  /// `runtime`.
  public func runtime() throws(ErrorReport) -> String? { try config.text("engine", "runtime") }

  /// `pull_policy`.
  public func pullPolicy() throws(ErrorReport) -> String? {
    try config.text("engine", "pull_policy")
  }

  /// The program of a runtime that `runtimes` names: the first of its paths that is there.
  private func program(_ runtime: String) throws(ErrorReport) -> String {
    let paths = try config.texts("engine", "runtimes", runtime)
    return paths.first(where: FileTree.isExecutable) ?? paths.first ?? runtime
  }

  /// Fills what was not given.
  ///
  /// `given`: the long names of the options on the command line. `defaultMounts`: the file of mounts
  /// that every container has, instead of the usual one (mounts.conf(5)).
  ///
  /// - Throws: when the file says something that cannot be.
  public func apply(
    to request: inout ContainerRequest, given: [String], defaultMounts: String? = nil
  ) throws(ErrorReport) {
    var mounts = defaultMounts
    try fill(&mounts, "default_mounts_file")
    try DefaultMounts.add(to: &request, from: mounts)
    if config.isEmpty { return }
    try process(&request, given)
    try files(&request, given)
    try network(&request, given)
    try namespaces(&request, given)
    try limits(&request, given)
    try lifecycle(&request, given)
  }

  /// A switch whose option has the key's name.
  private func fill(_ field: inout Bool, _ key: String, _ given: [String]) throws(ErrorReport) {
    guard let value = try config.flag("containers", key) else { return }
    if !given.contains(key.replacing("_", with: "-")) { field = value }
  }

  /// A word of the option called `option`, which has one also when it was not given.
  private func fill(
    _ field: inout String, _ key: String, unless option: String, _ given: [String],
    table: String = "containers"
  ) throws(ErrorReport) {
    if let value = try config.text(table, key), !given.contains(option) { field = value }
  }

  /// A word that nobody has said yet.
  private func fill(_ field: inout String?, _ key: String) throws(ErrorReport) {
    if field == nil { field = try config.text("containers", key) }
  }

  /// A list that nobody has begun.
  private func fill(_ field: inout [String], _ key: String) throws(ErrorReport) {
    if field.isEmpty { field = try config.texts("containers", key) }
  }

  /// The `NAME=VALUE` of a list in the file whose names were not asked for.
  private func texts(_ name: String, besides asked: [String]) throws(ErrorReport) -> [String] {
    let taken = asked.map(Self.beforeEquals)
    return try config.texts("containers", name).filter { !taken.contains(Self.beforeEquals($0)) }
  }

  private static func beforeEquals(_ text: String) -> String { String(text.prefix { $0 != "=" }) }

  private func process(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    request.defaultEnvironment = try config.texts("containers", "env")
    request.annotations = try config.texts("containers", "annotations") + request.annotations
    try fill(&request.environmentOfHost, "env_host", given)
    try fill(&request.proxyVariables, "http_proxy", given)
    try fill(&request.timeZone, "tz")
    try fill(&request.umask, "umask")
    try fill(&request.privileged, "privileged", given)
    try fill(&request.capDefaults, "default_capabilities")
    for kind in ["seccomp", "apparmor"] {
      if let profile = try config.text("containers", "\(kind)_profile"),
        !request.securityOptions.contains(where: { $0.hasPrefix(kind) })
      {
        request.securityOptions.append("\(kind)=\(profile)")
      }
    }
  }

  private func files(_ request: inout ContainerRequest, _ given: [String]) throws(ErrorReport) {
    try fill(&request.readOnly, "read_only", given)
    request.devices = try config.texts("containers", "devices") + request.devices
    let taken = Self.places(request)
    request.volumes =
      try config.texts("containers", "volumes").filter {
        !taken.contains(Self.placeOfVolume($0))
      } + request.volumes
    let mounts = try config.texts("containers", "mounts")
    for mount in mounts {
      let type = Self.typeOfMount(mount)
      guard MountSpecification.knows(type) else {
        throw ErrorReport(
          .invalidRequest, "parsing containers.conf mounts: invalid filesystem type \"\(type)\"")
      }
    }
    request.mounts = mounts.filter { !taken.contains(Self.placeOfMount($0)) } + request.mounts
    try fill(
      &request.imageVolume, "image_volume_mode", unless: "image-volume", given, table: "engine")
    if request.sharedMemory == nil, let text = try config.text("containers", "shm_size") {
      guard let size = ByteSize.parse(text) else { throw Self.invalid("shm_size", text) }
      request.sharedMemory = size
    }
  }

  private func network(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    try fill(&request.dns, "dns_servers")
    try fill(&request.dnsSearch, "dns_searches")
    try fill(&request.dnsOptions, "dns_options")
    if request.hosts.isEmpty { try fill(&request.noHosts, "no_hosts", given) }
    if !request.noHosts { try fill(&request.hostsFile, "base_hosts_file") }
    // A bridge is what podman's root has by default; here it is as good as nothing said.
    if request.network == nil, let mode = try config.text("containers", "netns"),
      mode != "private", mode != "bridge"
    {
      request.network = mode
    }
    if request.network == nil,
      let program = try config.text("network", "default_rootless_network_cmd")
    {
      request.network = program
    }
  }

  private func namespaces(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    if !["uidmap", "gidmap"].contains(where: given.contains) {
      try fill(&request.userns, "userns", unless: "userns", given)
    }
    try fill(&request.ipc, "ipcns", unless: "ipc", given)
    try fill(&request.pid, "pidns", unless: "pid", given)
    try fill(&request.uts, "utsns", unless: "uts", given)
    try fill(&request.cgroupns, "cgroupns", unless: "cgroupns", given)
    for setting in try texts("default_sysctls", besides: request.sysctl) {
      // Those of a namespace that is another's are not the container's to set.
      if setting.hasPrefix("net."), Self.isShared(request.network) { continue }
      if Self.isOfIPC(setting), Self.isShared(request.ipc) { continue }
      request.sysctl.append(setting)
    }
  }

  private func limits(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    if !request.ulimits.contains("host") {
      request.ulimits += try texts("default_ulimits", besides: request.ulimits)
    }
    if request.pids == nil, let value = try config.integer("containers", "pids_limit") {
      request.pids = value == 0 ? -1 : value
    }
    if request.oomScoreAdjustment == nil,
      let value = try config.integer("containers", "oom_score_adj")
    {
      guard (-1000...1000).contains(value) else { throw Self.invalid("oom_score_adj", "\(value)") }
      request.oomScoreAdjustment = Int(value)
    }
    try fill(&request.cgroups, "cgroups", unless: "cgroups", given)
  }

  private func lifecycle(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    try fill(&request.initProcess, "init", given)
    if request.initProcess { try fill(&request.initPath, "init_path") }
    try fill(&request.logDriver, "log_driver")
    let options = request.logOptions.map(Self.beforeEquals)
    if let size = try config.integer("containers", "log_size_max"), size > 0,
      !options.contains("max-size")
    {
      request.logOptions.append("max-size=\(size)")
    }
    if let tag = try config.text("containers", "log_tag"), !options.contains("tag") {
      request.logOptions.append("tag=\(tag)")
    }
    if request.stopTimeout == nil, let seconds = try config.integer("engine", "stop_timeout") {
      request.stopTimeout = Int(clamping: seconds)
    }
    if request.runtime == nil { request.runtime = try runtime() }
    if let name = request.runtime { request.runtime = try program(name) }
  }

  /// Where the command line has something mounted.
  static func places(_ request: ContainerRequest) -> [String] {
    request.volumes.map(placeOfVolume) + request.mounts.map(placeOfMount)
      + request.tmpfs.map { String($0.prefix { $0 != ":" }) }
  }

  /// Where `[SOURCE:]DIR[:OPTIONS]` is mounted.
  private static func placeOfVolume(_ text: String) -> String {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return String(parts.count > 1 ? parts[1] : parts.first ?? "")
  }

  /// Where `type=…,destination=DIR` is mounted; the text itself when it does not say.
  private static func placeOfMount(_ text: String) -> String {
    field(["dst", "destination", "dest", "target"], of: text) ?? text
  }

  private static func typeOfMount(_ text: String) -> String {
    field(["type"], of: text) ?? "volume"
  }

  private static func field(_ names: [String], of mount: String) -> String? {
    for field in mount.split(separator: ",") {
      let pair = field.split(separator: "=", maxSplits: 1)
      if pair.count == 2, names.contains(String(pair[0])) { return String(pair[1]) }
    }
    return nil
  }

  private static func isShared(_ mode: String?) -> Bool {
    ["host", "container", "ns"].contains((mode ?? "").prefix { $0 != ":" })
  }

  /// sysctl(5) of IPC namespaces.
  private static func isOfIPC(_ setting: String) -> Bool {
    ["kernel.msg", "kernel.sem", "kernel.shm", "fs.mqueue."].contains(where: setting.hasPrefix)
  }

  private static func invalid(_ key: String, _ value: String) -> ErrorReport {
    ErrorReport(
      .invalidRequest, "containers.conf: \(key) cannot be \"\(value)\"",
      hint: "containers.conf(5) describes it")
  }
}
