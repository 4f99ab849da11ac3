public import OCISpec

/// Everything that was decided when a container was created; changed afterwards by `rename` and
/// `update` alone (`config.json` in the container's data directory).
public struct ContainerConfig: JSONRecord, Equatable {
  /// 64 lower-case hexadecimal digits.
  public var id = ""
  public var name = ""
  /// Nanoseconds since the epoch.
  public var created: Int64 = 0
  public var image: ImageUse?
  /// A directory used as the root instead of an image (`--rootfs`).
  public var rootfs: String?
  /// The storage driver that it was made with; nil: whichever stacks layers.
  public var storage: String?
  /// Changes to that directory stay with the container.
  public var keepsRootfs = false
  public var process = ContainerProcess()
  public var hostname: String?
  public var domainname: String?
  public var accounts = ContainerAccounts()
  public var labels: [String: String] = [:]
  public var annotations: [String: String] = [:]
  public var mounts: [ContainerMount] = []
  public var secrets: [ContainerSecret] = []
  public var readOnly = false
  /// No writable /run, /tmp and /var/tmp although the root is read-only.
  public var hasNoTmpfs = false
  public var network = ContainerNetwork()
  public var namespaces = ContainerNamespaces()
  public var resources = ContainerResources()
  public var security = ContainerSecurity()
  public var lifecycle = ContainerLifecycle()
  /// Nil: no health check.
  public var health: ContainerHealth?
  /// Somebody said that there is to be none.
  public var isHealthOff = false
  /// The command line that made it, for `inspect`.
  public var createCommand: [String] = []

  public init() {}

  /// The annotation by which runtimes know that the caller's further groups stay.
  static let keepsGroupsKey = "run.oci.keep_original_groups"

  var keepsGroups: Bool { annotations[Self.keepsGroupsKey] == "1" }

  /// Ids of the containers that must run for this one to run.
  public var dependencies: [String] {
    var ids = lifecycle.requires
    let modes = [
      network.mode, namespaces.pid, namespaces.ipc, namespaces.uts, namespaces.cgroup,
      namespaces.user,
    ]
    for mode in modes where mode.hasPrefix("container:") {
      let id = String(mode.dropFirst("container:".count))
      if !ids.contains(id) { ids.append(id) }
    }
    return ids
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("id", &id)
    try fields.required("name", &name)
    try fields.required("created", &created)
    try fields.optional("image", &image)
    try fields.optional("rootfs", &rootfs)
    try fields.optional("storage", &storage)
    try fields.flag("keepsRootfs", &keepsRootfs)
    try fields.required("process", &process)
    try fields.optional("hostname", &hostname)
    try fields.optional("domainname", &domainname)
    try fields.defaulted("accounts", &accounts)
    try fields.map("labels", &labels)
    try fields.map("annotations", &annotations)
    try fields.list("mounts", &mounts)
    try fields.list("secrets", &secrets)
    try fields.flag("readOnly", &readOnly)
    try fields.flag("hasNoTmpfs", &hasNoTmpfs)
    try fields.required("network", &network)
    try fields.required("namespaces", &namespaces)
    try fields.required("resources", &resources)
    try fields.required("security", &security)
    try fields.required("lifecycle", &lifecycle)
    try fields.optional("health", &health)
    try fields.flag("isHealthOff", &isHealthOff)
    try fields.list("createCommand", &createCommand)
  }
}

/// The image a container was made from.
public struct ImageUse: JSONRecord, Equatable {
  /// The image id: 64 hexadecimal digits.
  public var id = ""
  /// As it was asked for, normalised.
  public var name = ""
  public var digest: String?
  /// Chain ids of the layers, lowest first, as hexadecimal digits.
  public var layers: [String] = []
  /// A copy of all layers with owners translated, relative to the layers' root (`--userns keep-id`).
  public var mapped: String?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("id", &id)
    try fields.required("name", &name)
    try fields.optional("digest", &digest)
    try fields.list("layers", &layers)
    try fields.optional("mapped", &mapped)
  }
}

/// The container's main process.
public struct ContainerProcess: JSONRecord, Equatable {
  public var entrypoint: [String] = []
  public var command: [String] = []
  /// `NAME=value`, merged from image and command line.
  public var environment: [String] = []
  /// As docker writes it.
  ///
  /// Name or number, optionally `:group`. Empty means the image's root.
  public var user = ""
  public var workingDirectory = "/"
  public var terminal = false
  public var interactive = false
  public var umask = "0022"
  /// As `--group-add` has them; `keep-groups` stands alone.
  public var groups: [String] = []
  /// Default variables that are left out; `*` means all.
  public var unsetEnvironment: [String] = []
  /// `local`, or a name below /usr/share/zoneinfo.
  public var timeZone: String?

  public init() {}

  public var arguments: [String] { entrypoint + command }

  /// Names or numbers of groups that every process of the container has.
  var addedGroups: [String] { groups.filter { $0 != "keep-groups" } }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.list("entrypoint", &entrypoint)
    try fields.list("command", &command)
    try fields.list("environment", &environment)
    try fields.required("user", &user)
    try fields.required("workingDirectory", &workingDirectory)
    try fields.flag("terminal", &terminal)
    try fields.flag("interactive", &interactive)
    try fields.required("umask", &umask)
    try fields.list("groups", &groups)
    try fields.list("unsetEnvironment", &unsetEnvironment)
    try fields.optional("timeZone", &timeZone)
  }
}

/// Something mounted into the container.
public struct ContainerMount: JSONRecord, Equatable {
  public enum Kind: String, JSONField {
    case bind, volume, tmpfs, device, image, devpts, ramfs
  }

  public var kind = Kind.bind
  /// A host path, or a volume's name.
  public var source = ""
  public var destination = ""
  public var options: [String] = []
  /// A volume that goes away with the container.
  public var anonymous = false
  /// What of the source is mounted, relative to it.
  public var subpath: String?
  /// Layers of an image that is mounted, lowest first.
  public var layers: [String] = []

  public init() {}

  public init(
    _ kind: Kind, source: String, destination: String, options: [String] = [],
    anonymous: Bool = false
  ) {
    self.kind = kind
    self.source = source
    self.destination = destination
    self.options = options
    self.anonymous = anonymous
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("kind", &kind)
    try fields.required("source", &source)
    try fields.required("destination", &destination)
    try fields.list("options", &options)
    try fields.flag("anonymous", &anonymous)
    try fields.optional("subpath", &subpath)
    try fields.list("layers", &layers)
  }
}

/// The network as it was asked for.
public struct ContainerNetwork: JSONRecord, Equatable {
  /// As the command line spells it; empty is the default.
  public var mode = ""
  /// Port mappings in `-p` spelling, host ports filled in.
  public var ports: [String] = []
  public var dns: [String] = []
  public var dnsSearch: [String] = []
  public var dnsOptions: [String] = []
  /// `NAME:ADDRESS`.
  public var hosts: [String] = []
  public var noHosts = false
  public var noHostname = false
  /// What /etc/hosts is made from: a path, `image` or `none`; nil is the host's.
  public var hostsFile: String?
  /// Ports that the container serves, published or not: `80/tcp`.
  public var exposed: [String] = []
  public var publishesAll = false

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("mode", &mode)
    try fields.list("ports", &ports)
    try fields.list("dns", &dns)
    try fields.list("dnsSearch", &dnsSearch)
    try fields.list("dnsOptions", &dnsOptions)
    try fields.list("hosts", &hosts)
    try fields.flag("noHosts", &noHosts)
    try fields.flag("noHostname", &noHostname)
    try fields.optional("hostsFile", &hostsFile)
    try fields.list("exposed", &exposed)
    try fields.flag("publishesAll", &publishesAll)
  }
}

/// Limits; nil where none was asked for.
public struct ContainerResources: JSONRecord, Equatable {
  /// Bytes.
  public var memory: Int64?
  public var memorySwap: Int64?
  public var memoryReservation: Int64?
  /// Microseconds of CPU time in each `cpuPeriod`.
  public var cpuQuota: Int64?
  public var cpuPeriod: UInt64?
  public var cpuShares: UInt64?
  public var cpusetCPUs: String?
  public var cpusetMems: String?
  public var cpuRealtimePeriod: Int64?
  public var cpuRealtimeRuntime: Int64?
  /// 10 to 1000.
  public var blockWeight: Int64?
  public var memorySwappiness: Int64?
  public var oomKillDisable = false
  /// `disabled`: no control group; nil is one of its own.
  public var cgroups: String?
  public var cgroupParent: String?
  /// -1 for no limit.
  public var pids: Int64?
  /// `NAME=soft[:hard]`, or `host`.
  public var ulimits: [String] = []
  /// Bytes of /dev/shm.
  public var sharedMemory: Int64 = 64 << 20
  public var oomScoreAdjustment: Int?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("memory", &memory)
    try fields.optional("memorySwap", &memorySwap)
    try fields.optional("memoryReservation", &memoryReservation)
    try fields.optional("cpuQuota", &cpuQuota)
    try fields.optional("cpuPeriod", &cpuPeriod)
    try fields.optional("cpuShares", &cpuShares)
    try fields.optional("cpusetCPUs", &cpusetCPUs)
    try fields.optional("cpusetMems", &cpusetMems)
    try fields.optional("cpuRealtimePeriod", &cpuRealtimePeriod)
    try fields.optional("cpuRealtimeRuntime", &cpuRealtimeRuntime)
    try fields.optional("blockWeight", &blockWeight)
    try fields.optional("memorySwappiness", &memorySwappiness)
    try fields.flag("oomKillDisable", &oomKillDisable)
    try fields.optional("cgroups", &cgroups)
    try fields.optional("cgroupParent", &cgroupParent)
    try fields.optional("pids", &pids)
    try fields.list("ulimits", &ulimits)
    try fields.required("sharedMemory", &sharedMemory)
    try fields.optional("oomScoreAdjustment", &oomScoreAdjustment)
  }
}

/// What the container may do.
public struct ContainerSecurity: JSONRecord, Equatable {
  public var privileged = false
  public var capAdd: [String] = []
  public var capDrop: [String] = []
  /// What a container has otherwise; empty is Martlet's own list.
  public var capDefaults: [String] = []
  public var noNewPrivileges = false
  /// `unconfined`, a profile's path, or nil for the default profile.
  public var seccomp: String?
  public var apparmor: String?
  /// `mask=` and `unmask=` paths.
  public var masked: [String] = []
  public var unmasked: [String] = []
  public var sysctl: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.flag("privileged", &privileged)
    try fields.list("capAdd", &capAdd)
    try fields.list("capDrop", &capDrop)
    try fields.list("capDefaults", &capDefaults)
    try fields.flag("noNewPrivileges", &noNewPrivileges)
    try fields.optional("seccomp", &seccomp)
    try fields.optional("apparmor", &apparmor)
    try fields.list("masked", &masked)
    try fields.list("unmasked", &unmasked)
    try fields.map("sysctl", &sysctl)
  }
}

/// How it starts, logs, stops and goes.
public struct ContainerLifecycle: JSONRecord, Equatable {
  /// A signal's number.
  public var stopSignal: Int32 = 15
  /// Seconds.
  public var stopTimeout = 10
  public var autoRemove = false
  /// `--rmi`: with the container goes its image, unless another container uses it.
  public var removesImage = false
  /// `--init`: a small pid 1 of ours in front of the command.
  public var initProcess = false
  /// A runtime's name or path; nil is `martlet-oci`.
  public var runtime: String?
  public var logDriver = "k8s-file"
  public var logPath: String?
  /// Bytes; nil never rotates.
  public var logMaxSize: Int64?
  public var logMaxFiles = 1
  /// As it was asked for, with docker's `{{.Name}}` and the like.
  public var logTag: String?
  /// Labels and environment variables that go into each record.
  public var logLabels: [String] = []
  public var logEnvironment: [String] = []
  public var restart = "no"
  /// Seconds after which it is killed; nil: never.
  public var timeout: Int?
  /// `container`, `conmon`, `healthy` or `ignore`.
  public var sdnotify = "container"
  /// The NOTIFY_SOCKET of the command that created it.
  public var notifySocket: String?
  public var cidFile: String?
  /// Ids of containers that are started before this one (`--requires`).
  public var requires: [String] = []
  /// Mounts and a stop signal as systemd wants them.
  public var isSystemd = false
  public var pidFile: String?
  public var monitorPidFile: String?
  /// The host's program for `--init`; nil is ours.
  public var initPath: String?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("stopSignal", &stopSignal)
    try fields.required("stopTimeout", &stopTimeout)
    try fields.flag("autoRemove", &autoRemove)
    try fields.flag("removesImage", &removesImage)
    try fields.flag("initProcess", &initProcess)
    try fields.optional("runtime", &runtime)
    try fields.required("logDriver", &logDriver)
    try fields.optional("logPath", &logPath)
    try fields.optional("logMaxSize", &logMaxSize)
    try fields.required("logMaxFiles", &logMaxFiles)
    try fields.optional("logTag", &logTag)
    try fields.list("logLabels", &logLabels)
    try fields.list("logEnvironment", &logEnvironment)
    try fields.required("restart", &restart)
    try fields.optional("timeout", &timeout)
    try fields.required("sdnotify", &sdnotify)
    try fields.optional("notifySocket", &notifySocket)
    try fields.optional("cidFile", &cidFile)
    try fields.list("requires", &requires)
    try fields.flag("isSystemd", &isSystemd)
    try fields.optional("pidFile", &pidFile)
    try fields.optional("monitorPidFile", &monitorPidFile)
    try fields.optional("initPath", &initPath)
  }
}
