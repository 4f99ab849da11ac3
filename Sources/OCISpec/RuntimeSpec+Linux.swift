/// What only Linux has (config-linux.md).
public struct RuntimeLinux: JSONRecord, Equatable {
  public var uidMappings: [RuntimeIDMapping] = []
  public var gidMappings: [RuntimeIDMapping] = []
  public var timeOffsets: [String: RuntimeTimeOffset] = [:]
  public var sysctl: [String: String] = [:]
  public var resources: RuntimeResources?
  public var cgroupsPath: String?
  public var namespaces: [RuntimeNamespace] = []
  public var devices: [RuntimeDevice] = []
  public var seccomp: RuntimeSeccomp?
  public var rootfsPropagation: String?
  public var maskedPaths: [String] = []
  public var readonlyPaths: [String] = []
  public var mountLabel: String?
  public var personality: RuntimePersonality?
  public var intelRdt: RuntimeIntelRDT?
  public var memoryPolicy: RuntimeMemoryPolicy?
  /// Interfaces of the host to move in, by name.
  public var netDevices: [String: RuntimeNetDevice] = [:]

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.list("uidMappings", &uidMappings)
    try fields.list("gidMappings", &gidMappings)
    try fields.map("timeOffsets", &timeOffsets)
    try fields.map("sysctl", &sysctl)
    try fields.optional("resources", &resources)
    try fields.optional("cgroupsPath", &cgroupsPath)
    try fields.list("namespaces", &namespaces)
    try fields.list("devices", &devices)
    try fields.optional("seccomp", &seccomp)
    try fields.optional("rootfsPropagation", &rootfsPropagation)
    try fields.list("maskedPaths", &maskedPaths)
    try fields.list("readonlyPaths", &readonlyPaths)
    try fields.optional("mountLabel", &mountLabel)
    try fields.optional("personality", &personality)
    try fields.optional("intelRdt", &intelRdt)
    try fields.optional("memoryPolicy", &memoryPolicy)
    try fields.map("netDevices", &netDevices)
  }
}

/// A namespace to make, or to join when it has a path.
public struct RuntimeNamespace: JSONRecord, Equatable {
  public enum Kind: String, JSONField, CaseIterable {
    case pid, network, mount, ipc, uts, user, cgroup, time
  }

  public var type = Kind.pid
  public var path: String?

  public init() {}

  public init(_ type: Kind, path: String? = nil) {
    self.type = type
    self.path = path
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("type", &type)
    try fields.optional("path", &path)
    if path?.isEmpty == true { path = nil }
  }
}

public struct RuntimeTimeOffset: JSONRecord, Equatable {
  public var secs: Int64?
  public var nanosecs: UInt32?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("secs", &secs)
    try fields.optional("nanosecs", &nanosecs)
  }
}

/// A device node to make in the container.
public struct RuntimeDevice: JSONRecord, Equatable {
  public enum Kind: String, JSONField {
    case block = "b"
    case character = "c"
    case unbufferedCharacter = "u"
    case fifo = "p"
  }

  public var type = Kind.character
  public var path = ""
  public var major: Int64 = 0
  public var minor: Int64 = 0
  public var fileMode: UInt32?
  public var uid: UInt32?
  public var gid: UInt32?

  public init() {}

  public init(
    _ type: Kind, path: String, major: Int64, minor: Int64, fileMode: UInt32? = nil,
    uid: UInt32? = nil, gid: UInt32? = nil
  ) {
    self.type = type
    self.path = path
    self.major = major
    self.minor = minor
    self.fileMode = fileMode
    self.uid = uid
    self.gid = gid
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("type", &type)
    try fields.required("path", &path)
    var numbers: (Int64?, Int64?) = (major, minor)
    try fields.optional("major", &numbers.0)
    try fields.optional("minor", &numbers.1)
    major = numbers.0 ?? 0
    minor = numbers.1 ?? 0
    try fields.optional("fileMode", &fileMode)
    try fields.optional("uid", &uid)
    try fields.optional("gid", &gid)
  }
}

/// personality(2).
public struct RuntimePersonality: JSONRecord, Equatable {
  public enum Domain: String, JSONField {
    case linux = "LINUX"
    case linux32 = "LINUX32"
  }

  public var domain = Domain.linux
  public var flags: [String] = []

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("domain", &domain)
    try fields.list("flags", &flags)
  }
}

/// Cache and memory bandwidth (config-linux.md#intelrdt).
public struct RuntimeIntelRDT: JSONRecord, Equatable {
  /// The group's name; nil is one of the container's own.
  public var closID: String?
  public var schemata: [String] = []
  public var l3CacheSchema: String?
  public var memBwSchema: String?
  public var enableMonitoring: Bool?
  public var enableCMT: Bool?
  public var enableMBM: Bool?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("closID", &closID)
    try fields.list("schemata", &schemata)
    try fields.optional("l3CacheSchema", &l3CacheSchema)
    try fields.optional("memBwSchema", &memBwSchema)
    try fields.optional("enableMonitoring", &enableMonitoring)
    try fields.optional("enableCMT", &enableCMT)
    try fields.optional("enableMBM", &enableMBM)
  }
}

/// set_mempolicy(2).
public struct RuntimeMemoryPolicy: JSONRecord, Equatable {
  /// Such as `MPOL_INTERLEAVE`.
  public var mode = ""
  /// Memory nodes such as `0-1,3`.
  public var nodes: String?
  public var flags: [String] = []

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    // Checked with the other values.
    try fields.defaulted("mode", &mode)
    try fields.optional("nodes", &nodes)
    try fields.list("flags", &flags)
  }
}

public struct RuntimeNetDevice: JSONRecord, Equatable {
  /// Its name in the container; nil keeps the host's.
  public var name: String?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("name", &name)
  }
}

/// A system call filter (config-linux.md#seccomp).
public struct RuntimeSeccomp: JSONRecord, Equatable {
  public var defaultAction = ""
  public var defaultErrnoRet: UInt32?
  /// Names such as `SCMP_ARCH_X86_64`; empty means the machine's own.
  public var architectures: [String] = []
  /// Nil: the runtime chooses.
  public var flags: [String]?
  public var listenerPath: String?
  public var listenerMetadata: String?
  public var syscalls: [RuntimeSyscallRule] = []

  public init() {}

  public init(
    defaultAction: String, defaultErrnoRet: UInt32? = nil, architectures: [String] = [],
    syscalls: [RuntimeSyscallRule] = []
  ) {
    self.defaultAction = defaultAction
    self.defaultErrnoRet = defaultErrnoRet
    self.architectures = architectures
    self.syscalls = syscalls
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("defaultAction", &defaultAction)
    try fields.optional("defaultErrnoRet", &defaultErrnoRet)
    try fields.list("architectures", &architectures)
    try fields.optional("flags", &flags)
    try fields.optional("listenerPath", &listenerPath)
    try fields.optional("listenerMetadata", &listenerMetadata)
    try fields.list("syscalls", &syscalls)
  }
}

public struct RuntimeSyscallRule: JSONRecord, Equatable {
  public var names: [String] = []
  public var action = ""
  public var errnoRet: UInt32?
  public var args: [RuntimeSyscallArgument] = []

  public init() {}

  public init(
    _ names: [String], action: String, errnoRet: UInt32? = nil,
    args: [RuntimeSyscallArgument] = []
  ) {
    self.names = names
    self.action = action
    self.errnoRet = errnoRet
    self.args = args
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("names", &names)
    try fields.required("action", &action)
    try fields.optional("errnoRet", &errnoRet)
    try fields.list("args", &args)
  }
}

public struct RuntimeSyscallArgument: JSONRecord, Equatable {
  public var index: UInt32 = 0
  public var value: UInt64 = 0
  /// The compared value when `op` is SCMP_CMP_MASKED_EQ, where `value` is the mask.
  public var valueTwo: UInt64?
  public var op = ""

  public init() {}

  public init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: String) {
    self.index = index
    self.value = value
    self.valueTwo = valueTwo
    self.op = op
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("index", &index)
    try fields.required("value", &value)
    try fields.optional("valueTwo", &valueTwo)
    try fields.required("op", &op)
  }
}
