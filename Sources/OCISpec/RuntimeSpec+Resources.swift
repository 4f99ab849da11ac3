/// Limits by cgroup (config-linux.md#control-groups).
public struct RuntimeResources: JSONRecord, Equatable {
  public var devices: [RuntimeDeviceRule] = []
  public var memory: RuntimeMemory?
  public var cpu: RuntimeCPU?
  public var pids: RuntimePids?
  public var blockIO: RuntimeBlockIO?
  public var hugepageLimits: [RuntimeHugepageLimit] = []
  public var network: RuntimeNetwork?
  public var rdma: [String: RuntimeRDMA] = [:]
  /// cgroup v2 file names and what to write into them.
  public var unified: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.list("devices", &devices)
    try fields.optional("memory", &memory)
    try fields.optional("cpu", &cpu)
    try fields.optional("pids", &pids)
    try fields.optional("blockIO", &blockIO)
    try fields.list("hugepageLimits", &hugepageLimits)
    try fields.optional("network", &network)
    try fields.map("rdma", &rdma)
    try fields.map("unified", &unified)
  }
}

/// Access to devices; later rules win.
public struct RuntimeDeviceRule: JSONRecord, Equatable {
  public var allow = false
  /// `a` (all), `c` or `b`.
  public var type: String?
  /// Nil is any.
  public var major: Int64?
  public var minor: Int64?
  /// Of `r`, `w`, `m`; nil is all.
  public var access: String?

  public init() {}

  public init(
    allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil,
    access: String? = nil
  ) {
    self.allow = allow
    self.type = type
    self.major = major
    self.minor = minor
    self.access = access
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("allow", &allow)
    try fields.optional("type", &type)
    try fields.optional("major", &major)
    try fields.optional("minor", &minor)
    try fields.optional("access", &access)
  }
}

/// Bytes; -1 is no limit.
public struct RuntimeMemory: JSONRecord, Equatable {
  public var limit: Int64?
  public var reservation: Int64?
  /// Memory and swap together.
  public var swap: Int64?
  public var kernel: Int64?
  public var kernelTCP: Int64?
  public var swappiness: UInt64?
  public var disableOOMKiller: Bool?
  public var useHierarchy: Bool?
  public var checkBeforeUpdate: Bool?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("limit", &limit)
    try fields.optional("reservation", &reservation)
    try fields.optional("swap", &swap)
    try fields.optional("kernel", &kernel)
    try fields.optional("kernelTCP", &kernelTCP)
    try fields.optional("swappiness", &swappiness)
    try fields.optional("disableOOMKiller", &disableOOMKiller)
    try fields.optional("useHierarchy", &useHierarchy)
    try fields.optional("checkBeforeUpdate", &checkBeforeUpdate)
  }
}

/// Times in microseconds.
public struct RuntimeCPU: JSONRecord, Equatable {
  public var shares: UInt64?
  public var quota: Int64?
  public var burst: UInt64?
  public var period: UInt64?
  public var realtimeRuntime: Int64?
  public var realtimePeriod: UInt64?
  public var cpus: String?
  public var mems: String?
  public var idle: Int64?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("shares", &shares)
    try fields.optional("quota", &quota)
    try fields.optional("burst", &burst)
    try fields.optional("period", &period)
    try fields.optional("realtimeRuntime", &realtimeRuntime)
    try fields.optional("realtimePeriod", &realtimePeriod)
    try fields.optional("cpus", &cpus)
    try fields.optional("mems", &mems)
    try fields.optional("idle", &idle)
  }
}

public struct RuntimePids: JSONRecord, Equatable {
  /// Zero or less is no limit.
  public var limit: Int64?

  public init() {}
  public init(limit: Int64) { self.limit = limit }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("limit", &limit)
  }
}

public struct RuntimeBlockIO: JSONRecord, Equatable {
  /// 10 to 1000.
  public var weight: UInt16?
  public var leafWeight: UInt16?
  public var weightDevice: [RuntimeBlockWeight] = []
  /// Bytes a second.
  public var throttleReadBpsDevice: [RuntimeBlockThrottle] = []
  public var throttleWriteBpsDevice: [RuntimeBlockThrottle] = []
  /// Operations a second.
  public var throttleReadIOPSDevice: [RuntimeBlockThrottle] = []
  public var throttleWriteIOPSDevice: [RuntimeBlockThrottle] = []

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("weight", &weight)
    try fields.optional("leafWeight", &leafWeight)
    try fields.list("weightDevice", &weightDevice)
    try fields.list("throttleReadBpsDevice", &throttleReadBpsDevice)
    try fields.list("throttleWriteBpsDevice", &throttleWriteBpsDevice)
    try fields.list("throttleReadIOPSDevice", &throttleReadIOPSDevice)
    try fields.list("throttleWriteIOPSDevice", &throttleWriteIOPSDevice)
  }
}

public struct RuntimeBlockWeight: JSONRecord, Equatable {
  public var major: Int64 = 0
  public var minor: Int64 = 0
  public var weight: UInt16?
  public var leafWeight: UInt16?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("major", &major)
    try fields.required("minor", &minor)
    try fields.optional("weight", &weight)
    try fields.optional("leafWeight", &leafWeight)
  }
}

public struct RuntimeBlockThrottle: JSONRecord, Equatable {
  public var major: Int64 = 0
  public var minor: Int64 = 0
  public var rate: UInt64 = 0

  public init() {}

  public init(major: Int64, minor: Int64, rate: UInt64) {
    self.major = major
    self.minor = minor
    self.rate = rate
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("major", &major)
    try fields.required("minor", &minor)
    try fields.required("rate", &rate)
  }
}

public struct RuntimeHugepageLimit: JSONRecord, Equatable {
  /// Such as `2MB`.
  public var pageSize = ""
  /// Bytes.
  public var limit: UInt64 = 0

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    // Programs in Go take the name in any case, and configurations with this one are about.
    let otherName = "pagesize"
    var lowercase: String?
    try fields.optional(otherName, &lowercase)
    if let lowercase { pageSize = lowercase } else { try fields.required("pageSize", &pageSize) }
    try fields.required("limit", &limit)
  }
}

public struct RuntimeRDMA: JSONRecord, Equatable {
  public var hcaHandles: UInt32?
  public var hcaObjects: UInt32?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("hcaHandles", &hcaHandles)
    try fields.optional("hcaObjects", &hcaObjects)
  }
}

/// Marks of a container's packets (cgroup v1 alone).
public struct RuntimeNetwork: JSONRecord, Equatable {
  public var classID: UInt32?
  public var priorities: [RuntimeInterfacePriority] = []

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("classID", &classID)
    try fields.list("priorities", &priorities)
  }
}

public struct RuntimeInterfacePriority: JSONRecord, Equatable {
  /// An interface's name.
  public var name = ""
  public var priority: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("name", &name)
    try fields.required("priority", &priority)
  }
}
