/// The process of a container, or one to run in it (config.md#process).
public struct RuntimeProcess: JSONRecord, Equatable {
  public var terminal = false
  public var consoleSize: RuntimeConsoleSize?
  public var user = RuntimeUser()
  public var args: [String] = []
  /// `NAME=value`.
  public var env: [String] = []
  /// An absolute path in the container.
  public var cwd = "/"
  public var capabilities: RuntimeCapabilities?
  public var rlimits: [RuntimeResourceLimit] = []
  public var noNewPrivileges = false
  public var apparmorProfile: String?
  public var oomScoreAdj: Int?
  public var selinuxLabel: String?
  public var scheduler: RuntimeScheduler?
  public var ioPriority: RuntimeIOPriority?
  public var execCPUAffinity: RuntimeCPUAffinity?

  public init() {}

  public init(
    args: [String], env: [String] = [], cwd: String = "/", user: RuntimeUser = RuntimeUser(),
    terminal: Bool = false, capabilities: RuntimeCapabilities? = nil,
    rlimits: [RuntimeResourceLimit] = [], noNewPrivileges: Bool = false, oomScoreAdj: Int? = nil
  ) {
    self.args = args
    self.env = env
    self.cwd = cwd
    self.user = user
    self.terminal = terminal
    self.capabilities = capabilities
    self.rlimits = rlimits
    self.noNewPrivileges = noNewPrivileges
    self.oomScoreAdj = oomScoreAdj
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.flag("terminal", &terminal)
    try fields.optional("consoleSize", &consoleSize)
    var given: RuntimeUser? = user
    try fields.optional("user", &given)
    user = given ?? RuntimeUser()
    try fields.list("args", &args)
    try fields.list("env", &env)
    try fields.required("cwd", &cwd)
    try fields.optional("capabilities", &capabilities)
    try fields.list("rlimits", &rlimits)
    try fields.flag("noNewPrivileges", &noNewPrivileges)
    try fields.optional("apparmorProfile", &apparmorProfile)
    try fields.optional("oomScoreAdj", &oomScoreAdj)
    try fields.optional("selinuxLabel", &selinuxLabel)
    try fields.optional("scheduler", &scheduler)
    try fields.optional("ioPriority", &ioPriority)
    try fields.optional("execCPUAffinity", &execCPUAffinity)
  }
}

/// Characters.
public struct RuntimeConsoleSize: JSONRecord, Equatable {
  public var height: UInt16 = 0
  public var width: UInt16 = 0

  public init() {}

  public init(height: UInt16, width: UInt16) {
    self.height = height
    self.width = width
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("height", &height)
    try fields.required("width", &width)
  }
}

/// Ids as the container's user namespace numbers them (config.md#posix-platform-user).
public struct RuntimeUser: JSONRecord, Equatable {
  public var uid: UInt32 = 0
  public var gid: UInt32 = 0
  public var umask: UInt32?
  public var additionalGids: [UInt32] = []

  public init() {}

  public init(uid: UInt32, gid: UInt32, umask: UInt32? = nil, additionalGids: [UInt32] = []) {
    self.uid = uid
    self.gid = gid
    self.umask = umask
    self.additionalGids = additionalGids
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    // Writers leave zeros out.
    var ids: (uid: UInt32?, gid: UInt32?) = (uid, gid)
    try fields.optional("uid", &ids.uid)
    try fields.optional("gid", &ids.gid)
    (uid, gid) = (ids.uid ?? 0, ids.gid ?? 0)
    try fields.optional("umask", &umask)
    try fields.list("additionalGids", &additionalGids)
  }
}

/// Names such as `CAP_CHOWN` (capabilities(7)).
public struct RuntimeCapabilities: JSONRecord, Equatable {
  public var bounding: [String] = []
  public var effective: [String] = []
  public var inheritable: [String] = []
  public var permitted: [String] = []
  public var ambient: [String] = []

  public init() {}

  public init(
    bounding: [String], effective: [String], inheritable: [String] = [], permitted: [String],
    ambient: [String] = []
  ) {
    self.bounding = bounding
    self.effective = effective
    self.inheritable = inheritable
    self.permitted = permitted
    self.ambient = ambient
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.list("bounding", &bounding)
    try fields.list("effective", &effective)
    try fields.list("inheritable", &inheritable)
    try fields.list("permitted", &permitted)
    try fields.list("ambient", &ambient)
  }
}

/// A limit of getrlimit(2), such as `RLIMIT_NOFILE`.
public struct RuntimeResourceLimit: JSONRecord, Equatable {
  public var type = ""
  public var soft: UInt64 = 0
  public var hard: UInt64 = 0

  public init() {}

  public init(type: String, soft: UInt64, hard: UInt64) {
    self.type = type
    self.soft = soft
    self.hard = hard
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("type", &type)
    try fields.required("soft", &soft)
    try fields.required("hard", &hard)
  }
}

/// sched_setattr(2).
public struct RuntimeScheduler: JSONRecord, Equatable {
  public var policy = ""
  public var nice: Int32?
  public var priority: Int32?
  public var flags: [String] = []
  /// Nanoseconds.
  public var runtime: UInt64?
  public var deadline: UInt64?
  public var period: UInt64?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("policy", &policy)
    try fields.optional("nice", &nice)
    try fields.optional("priority", &priority)
    try fields.list("flags", &flags)
    try fields.optional("runtime", &runtime)
    try fields.optional("deadline", &deadline)
    try fields.optional("period", &period)
  }
}

/// ioprio_set(2).
public struct RuntimeIOPriority: JSONRecord, Equatable {
  public enum Class: String, JSONField {
    case realTime = "IOPRIO_CLASS_RT"
    case bestEffort = "IOPRIO_CLASS_BE"
    case idle = "IOPRIO_CLASS_IDLE"
  }

  public var `class` = Class.bestEffort
  public var priority: Int32 = 0

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("class", &`class`)
    // The idle class has none (ioprio_set(2)); writers leave it out.
    var number: Int32? = priority
    try fields.optional("priority", &number)
    priority = number ?? 0
  }
}

/// CPU lists such as `0-3,7`.
public struct RuntimeCPUAffinity: JSONRecord, Equatable {
  public var initial: String?
  public var final: String?

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("initial", &initial)
    try fields.optional("final", &final)
  }
}
