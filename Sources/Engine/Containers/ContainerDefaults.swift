public import Model
import RegistryConfig

/// What containers.conf says of new containers and of terminals, for what the command line leaves
/// open.
public struct ContainerDefaults: Sendable {
  private let config: ContainersConfig

  /// Reads the files; `modules` are those that `--module` names.
  public init(modules: [String]) throws(ErrorReport) {
    config = try ConfigFiles.current.containers(modules: modules)
  }

  init(_ config: ContainersConfig) { self.config = config }

  /// `detach_keys`; nil when nothing is said, empty turns detaching off.
  public func detachKeys() throws(ErrorReport) -> String? {
    try config.anyText("engine", "detach_keys")
  }

  /// `runtime`.
  public func runtime() throws(ErrorReport) -> String? { try config.text("engine", "runtime") }

  /// `pull_policy`.
  public func pullPolicy() throws(ErrorReport) -> String? {
    try config.text("engine", "pull_policy")
  }

  /// Fills what was not given; `given` are the long names of the options on the command line.
  ///
  /// - Throws: when the file says something that cannot be.
  public func apply(to request: inout ContainerRequest, given: [String]) throws(ErrorReport) {
    if config.isEmpty { return }
    try process(&request, given)
    try files(&request, given)
    try network(&request, given)
    try namespaces(&request, given)
    try limits(&request, given)
    try lifecycle(&request, given)
  }

  private func process(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    request.defaultEnvironment = try config.texts("containers", "env")
    request.annotations = try config.texts("containers", "annotations") + request.annotations
    if let value = try config.flag("containers", "env_host"), !given.contains("env-host") {
      request.environmentOfHost = value
    }
    if let value = try config.flag("containers", "http_proxy"), !given.contains("http-proxy") {
      request.proxyVariables = value
    }
    if request.timeZone == nil { request.timeZone = try config.text("containers", "tz") }
    if request.umask == nil { request.umask = try config.text("containers", "umask") }
    if let value = try config.flag("containers", "privileged"), !given.contains("privileged") {
      request.privileged = value
    }
    let asked = request.securityOptions
    if let profile = try config.text("containers", "seccomp_profile"),
      !asked.contains(where: { $0.hasPrefix("seccomp") })
    {
      request.securityOptions.append("seccomp=\(profile)")
    }
    if let profile = try config.text("containers", "apparmor_profile"),
      !asked.contains(where: { $0.hasPrefix("apparmor") })
    {
      request.securityOptions.append("apparmor=\(profile)")
    }
  }

  private func files(_ request: inout ContainerRequest, _ given: [String]) throws(ErrorReport) {
    if let value = try config.flag("containers", "read_only"), !given.contains("read-only") {
      request.readOnly = value
    }
    request.devices = try config.texts("containers", "devices") + request.devices
    let taken =
      request.volumes.map(Self.placeOfVolume) + request.mounts.map(Self.placeOfMount)
      + request.tmpfs.map { String($0.prefix { $0 != ":" }) }
    request.volumes =
      try config.texts("containers", "volumes").filter {
        !taken.contains(Self.placeOfVolume($0))
      } + request.volumes
    request.mounts =
      try config.texts("containers", "mounts").filter { !taken.contains(Self.placeOfMount($0)) }
      + request.mounts
    if let mode = try config.text("engine", "image_volume_mode"), !given.contains("image-volume") {
      request.imageVolume = mode
    }
    if request.sharedMemory == nil, let text = try config.text("containers", "shm_size") {
      guard let size = ByteSize.parse(text) else { throw Self.invalid("shm_size", text) }
      request.sharedMemory = size
    }
  }

  private func network(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    if request.dns.isEmpty { request.dns = try config.texts("containers", "dns_servers") }
    if request.dnsSearch.isEmpty {
      request.dnsSearch = try config.texts("containers", "dns_searches")
    }
    if request.dnsOptions.isEmpty {
      request.dnsOptions = try config.texts("containers", "dns_options")
    }
    if let value = try config.flag("containers", "no_hosts"), !given.contains("no-hosts"),
      request.hosts.isEmpty
    {
      request.noHosts = value
    }
    if request.hostsFile == nil, !request.noHosts {
      request.hostsFile = try config.text("containers", "base_hosts_file")
    }
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
    if !["userns", "uidmap", "gidmap"].contains(where: given.contains),
      let mode = try config.text("containers", "userns")
    {
      request.userns = mode
    }
    if let mode = try config.text("containers", "ipcns"), !given.contains("ipc") {
      request.ipc = mode
    }
    if let mode = try config.text("containers", "pidns"), !given.contains("pid") {
      request.pid = mode
    }
    if let mode = try config.text("containers", "utsns"), !given.contains("uts") {
      request.uts = mode
    }
    if let mode = try config.text("containers", "cgroupns"), !given.contains("cgroupns") {
      request.cgroupns = mode
    }
    let asked = Set(request.sysctl.map { $0.prefix { $0 != "=" } })
    for setting in try config.texts("containers", "default_sysctls")
    where !asked.contains(setting.prefix { $0 != "=" }) {
      // Those of a namespace that is another's are not the container's to set.
      if setting.hasPrefix("net."), Self.isShared(request.network) { continue }
      if Self.isOfIPC(setting), Self.isShared(request.ipc) { continue }
      request.sysctl.append(setting)
    }
  }

  private func limits(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    let asked = Set(request.ulimits.map { $0.prefix { $0 != "=" } })
    if !asked.contains("host") {
      request.ulimits += try config.texts("containers", "default_ulimits").filter {
        !asked.contains($0.prefix { $0 != "=" })
      }
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
    if let mode = try config.text("containers", "cgroups"), !given.contains("cgroups") {
      request.cgroups = mode
    }
  }

  private func lifecycle(_ request: inout ContainerRequest, _ given: [String])
    throws(ErrorReport)
  {
    if let value = try config.flag("containers", "init"), !given.contains("init") {
      request.initProcess = value
    }
    if request.initPath == nil, request.initProcess {
      request.initPath = try config.text("containers", "init_path")
    }
    if request.logDriver == nil { request.logDriver = try config.text("containers", "log_driver") }
    let options = Set(request.logOptions.map { $0.prefix { $0 != "=" } })
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
  }

  /// Where `[SOURCE:]DIR[:OPTIONS]` is mounted.
  private static func placeOfVolume(_ text: String) -> String {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return String(parts.count > 1 ? parts[1] : parts.first ?? "")
  }

  /// Where `type=…,destination=DIR` is mounted; the text itself when it does not say.
  private static func placeOfMount(_ text: String) -> String {
    for field in text.split(separator: ",") {
      let pair = field.split(separator: "=", maxSplits: 1)
      if pair.count == 2, ["dst", "destination", "dest", "target"].contains(pair[0]) {
        return String(pair[1])
      }
    }
    return text
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
