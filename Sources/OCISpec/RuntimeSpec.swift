/// A container's configuration: `config.json` of a bundle (runtime-spec config.md).
public struct RuntimeSpec: JSONRecord, Equatable {
  /// Writers say 1.0.2, which every runtime takes; crun 1.8 refuses 1.1 and later.
  public var ociVersion = "1.0.2"
  public var process: RuntimeProcess?
  public var root: RuntimeRoot?
  public var hostname: String?
  public var domainname: String?
  /// In the order in which they are mounted.
  public var mounts: [RuntimeMount] = []
  public var hooks: RuntimeHooks?
  public var annotations: [String: String] = [:]
  public var linux: RuntimeLinux?

  public init() {}

  public init(
    process: RuntimeProcess?, root: RuntimeRoot?, hostname: String? = nil,
    mounts: [RuntimeMount] = [], hooks: RuntimeHooks? = nil, annotations: [String: String] = [:],
    linux: RuntimeLinux? = nil
  ) {
    self.process = process
    self.root = root
    self.hostname = hostname
    self.mounts = mounts
    self.hooks = hooks
    self.annotations = annotations
    self.linux = linux
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("ociVersion", &ociVersion)
    try fields.optional("process", &process)
    try fields.optional("root", &root)
    try fields.optional("hostname", &hostname)
    try fields.optional("domainname", &domainname)
    try fields.list("mounts", &mounts)
    try fields.optional("hooks", &hooks)
    try fields.map("annotations", &annotations)
    try fields.optional("linux", &linux)
  }
}

/// The container's root filesystem (config.md#root).
public struct RuntimeRoot: JSONRecord, Equatable {
  /// Absolute, or relative to the bundle.
  public var path = ""
  public var readonly = false

  public init() {}

  public init(path: String, readonly: Bool = false) {
    self.path = path
    self.readonly = readonly
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("path", &path)
    try fields.flag("readonly", &readonly)
  }
}

/// One mount beyond the root (config.md#mounts).
public struct RuntimeMount: JSONRecord, Equatable {
  public var destination = ""
  public var type: String?
  public var source: String?
  /// Mount options as fstab(5) spells them.
  public var options: [String] = []
  public var uidMappings: [RuntimeIDMapping] = []
  public var gidMappings: [RuntimeIDMapping] = []

  public init() {}

  public init(
    destination: String, type: String? = nil, source: String? = nil, options: [String] = [],
    uidMappings: [RuntimeIDMapping] = [], gidMappings: [RuntimeIDMapping] = []
  ) {
    self.destination = destination
    self.type = type
    self.source = source
    self.options = options
    self.uidMappings = uidMappings
    self.gidMappings = gidMappings
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("destination", &destination)
    try fields.optional("type", &type)
    try fields.optional("source", &source)
    try fields.list("options", &options)
    try fields.list("uidMappings", &uidMappings)
    try fields.list("gidMappings", &gidMappings)
  }
}

/// A range of ids (config-linux.md#user-namespace-mappings).
public struct RuntimeIDMapping: JSONRecord, Equatable {
  public var containerID: UInt32 = 0
  public var hostID: UInt32 = 0
  public var size: UInt32 = 0

  public init() {}

  public init(containerID: UInt32, hostID: UInt32, size: UInt32) {
    self.containerID = containerID
    self.hostID = hostID
    self.size = size
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("containerID", &containerID)
    try fields.required("hostID", &hostID)
    try fields.required("size", &size)
  }
}

/// Programs to run at points of the container's life (config.md#posix-platform-hooks).
public struct RuntimeHooks: JSONRecord, Equatable {
  /// Deprecated: runs just before `createRuntime`.
  public var prestart: [RuntimeHook] = []
  public var createRuntime: [RuntimeHook] = []
  public var createContainer: [RuntimeHook] = []
  public var startContainer: [RuntimeHook] = []
  public var poststart: [RuntimeHook] = []
  public var poststop: [RuntimeHook] = []

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.list("prestart", &prestart)
    try fields.list("createRuntime", &createRuntime)
    try fields.list("createContainer", &createContainer)
    try fields.list("startContainer", &startContainer)
    try fields.list("poststart", &poststart)
    try fields.list("poststop", &poststop)
  }
}

public struct RuntimeHook: JSONRecord, Equatable {
  /// An absolute path.
  public var path = ""
  /// The whole argument vector, the name included.
  public var args: [String] = []
  public var env: [String] = []
  /// Seconds before the hook is killed.
  public var timeout: Int?

  public init() {}

  public init(path: String, args: [String] = [], env: [String] = [], timeout: Int? = nil) {
    self.path = path
    self.args = args
    self.env = env
    self.timeout = timeout
  }

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("path", &path)
    try fields.list("args", &args)
    try fields.list("env", &env)
    try fields.optional("timeout", &timeout)
  }
}
