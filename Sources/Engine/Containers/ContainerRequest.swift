public import ImageStore

/// What `create` and `run` were asked for, as the command line spells it.
///
/// Nothing is resolved yet.
public struct ContainerRequest: Sendable {
  public var image: StoredImage?
  public var imageName = ""
  public var rootfs: String?
  public var name: String?
  public var command: [String] = []
  /// nil: the image's; empty: none.
  public var entrypoint: [String]?
  public var environment: [String] = []
  /// Below what the image says.
  public var defaultEnvironment: [String] = []
  public var environmentFiles: [String] = []
  public var environmentOfHost = false
  public var environmentMerges: [String] = []
  public var proxyVariables = true
  public var unsetEnvironment: [String] = []
  public var unsetAllEnvironment = false
  public var timeZone: String?
  public var accounts = ContainerAccounts()
  /// False leaves the image's passwd and group as they are.
  public var addsAccounts = true
  public var user: String?
  public var workingDirectory: String?
  public var hostname: String?
  public var terminal = false
  public var interactive = false
  public var labels: [String] = []
  public var labelFiles: [String] = []
  public var annotations: [String] = []
  public var volumes: [String] = []
  public var mounts: [String] = []
  public var tmpfs: [String] = []
  public var devices: [String] = []
  public var secrets: [String] = []
  public var volumesFrom: [String] = []
  /// `anonymous`, `tmpfs` or `ignore`.
  public var imageVolume = "anonymous"
  public var gpus: [String] = []
  public var deviceRules: [String] = []
  public var readOnlyTmpfs = true
  public var readOnly = false
  public var network: String?
  public var ports: [String] = []
  public var dns: [String] = []
  public var dnsSearch: [String] = []
  public var dnsOptions: [String] = []
  public var hosts: [String] = []
  public var noHosts = false
  public var noHostname = false
  public var hostsFile: String?
  public var domainname: String?
  public var exposed: [String] = []
  public var publishAll = false
  public var pid = "private"
  public var ipc = "shareable"
  public var uts = "private"
  public var cgroupns = "private"
  public var userns = ""
  /// `[FLAGS]CONTAINER:FROM[:AMOUNT]`.
  public var userMaps: [String] = []
  public var groupMaps: [String] = []
  /// Whose subordinate ids the container has; one of them stands for both.
  public var subordinateUser: String?
  public var subordinateGroup: String?
  public var memory: Int64?
  public var memorySwap: Int64?
  public var memoryReservation: Int64?
  /// Thousandths of a CPU.
  public var milliCPUs: Int64?
  public var cpuShares: UInt64?
  public var cpuQuota: Int64?
  public var cpuPeriod: UInt64?
  public var cpusetCPUs: String?
  public var cpusetMems: String?
  public var cpuRealtimePeriod: Int64?
  public var cpuRealtimeRuntime: Int64?
  public var blockWeight: Int64?
  public var memorySwappiness: Int64?
  public var oomKillDisable = false
  public var cgroups = "enabled"
  public var cgroupParent: String?
  public var pids: Int64?
  public var ulimits: [String] = []
  public var sharedMemory: Int64?
  public var oomScoreAdjustment: Int?
  public var privileged = false
  public var capAdd: [String] = []
  public var capDrop: [String] = []
  public var capDefaults: [String] = []
  public var securityOptions: [String] = []
  public var sysctl: [String] = []
  public var groups: [String] = []
  public var umask: String?
  public var stopSignal: String?
  public var stopTimeout: Int?
  public var systemd = "true"
  public var requires: [String] = []
  public var pidFile: String?
  public var monitorPidFile: String?
  public var initPath: String?
  public var autoRemove = false
  public var removesImage = false
  public var initProcess = false
  public var runtime: String?
  public var logDriver: String?
  public var logOptions: [String] = []
  public var restart = "no"
  /// Seconds; 0: never.
  public var timeout: Int?
  public var sdnotify = "container"
  public var health = HealthRequest()
  public var cidFile: String?
  public var replace = false

  public init() {}
}
