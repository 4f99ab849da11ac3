/// A seccomp profile as people write it for `--security-opt seccomp=FILE`.
///
/// It is the runtime specification's form, with what docker and podman add: rules that hold for some
/// capabilities, machines or kernels only (seccomp profiles for Docker, docs.docker.com).
public struct SeccompProfile: JSONRecord, Equatable {
  /// What the profile is adapted to.
  public struct Machine: Sendable, Equatable {
    /// In the bounding set, with their prefix.
    public var capabilities: Set<String>
    /// As uname(2) gives it.
    public var name: String
    /// Major and minor version.
    public var kernel: [Int]

    /// `release`: the kernel's, such as `6.1.0-18-amd64`.
    public init(
      capabilities: Set<String>, name: String = DefaultSeccompProfile.nativeMachine,
      release: String
    ) {
      self.capabilities = capabilities
      self.name = name
      kernel = Self.version(release) ?? [0, 0]
    }

    /// The first two numbers; nil when there is no number at the start.
    static func version(_ text: String) -> [Int]? {
      let parts = text.prefix { $0.isNumber || $0 == "." }.split(separator: ".").prefix(2)
      let numbers = parts.compactMap { Int($0) }
      if numbers.isEmpty { return nil }
      return numbers.count == 2 ? numbers : numbers + [0]
    }

    func isAtLeast(_ version: [Int]) -> Bool { !kernel.lexicographicallyPrecedes(version) }

    /// The name that Go's `GOARCH` has for it, which is what profiles say.
    var profileName: String {
      switch name {
      case "x86_64": "amd64"
      case "aarch64": "arm64"
      default: name
      }
    }

    var seccompName: String { "SCMP_ARCH_\(name.uppercased())" }
  }

  private var plain = RuntimeSeccomp()
  private var architectureMap: [SeccompArchitectureMap] = []
  private var rules: [SeccompProfileRule] = []

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("defaultAction", &plain.defaultAction)
    try fields.optional("defaultErrnoRet", &plain.defaultErrnoRet)
    try fields.list("architectures", &plain.architectures)
    try fields.list("archMap", &architectureMap)
    try fields.optional("flags", &plain.flags)
    try fields.optional("listenerPath", &plain.listenerPath)
    try fields.optional("listenerMetadata", &plain.listenerMetadata)
    try fields.list("syscalls", &rules)
  }

  /// What the runtime gets.
  public func adapted(to machine: Machine) throws(SpecError) -> RuntimeSeccomp {
    var result = plain
    if !architectureMap.isEmpty {
      guard plain.architectures.isEmpty else {
        throw SpecError("architectures and archMap exclude each other", path: "archMap")
      }
      let own = architectureMap.first { $0.architecture == machine.seccompName }
      result.architectures = own.map { [$0.architecture] + $0.others } ?? []
    }
    for (index, rule) in rules.enumerated() {
      if let rule = try rule.adapted(to: machine, path: "syscalls[\(index)]") {
        result.syscalls.append(rule)
      }
    }
    return result
  }
}

/// One machine, and what else its kernel runs.
struct SeccompArchitectureMap: JSONRecord, Equatable {
  var architecture = ""
  var others: [String] = []

  mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("architecture", &architecture)
    try fields.list("subArchitectures", &others)
  }
}

/// Where a rule holds, or where it does not.
struct SeccompCondition: JSONRecord, Equatable {
  var architectures: [String] = []
  var capabilities: [String] = []
  var minimumKernel: String?

  mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.list("arches", &architectures)
    try fields.list("caps", &capabilities)
    try fields.optional("minKernel", &minimumKernel)
  }

  func kernel(_ path: String) throws(SpecError) -> [Int]? {
    guard let minimumKernel, !minimumKernel.isEmpty else { return nil }
    guard let version = SeccompProfile.Machine.version(minimumKernel) else {
      throw SpecError("\"\(minimumKernel)\" is no kernel version", path: "\(path).minKernel")
    }
    return version
  }
}

/// A rule with its conditions.
struct SeccompProfileRule: JSONRecord, Equatable {
  /// The oldest form of a rule has one name.
  var name: String?
  var names: [String] = []
  var action = ""
  var errnoRet: UInt32?
  var args: [RuntimeSyscallArgument] = []
  var includes: SeccompCondition?
  var excludes: SeccompCondition?

  mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.optional("name", &name)
    try fields.list("names", &names)
    try fields.required("action", &action)
    try fields.optional("errnoRet", &errnoRet)
    try fields.list("args", &args)
    try fields.optional("includes", &includes)
    try fields.optional("excludes", &excludes)
  }

  /// Nil where the rule does not hold.
  func adapted(to machine: SeccompProfile.Machine, path: String) throws(SpecError)
    -> RuntimeSyscallRule?
  {
    if let includes {
      if !includes.architectures.isEmpty,
        !includes.architectures.contains(machine.profileName)
      {
        return nil
      }
      if !machine.capabilities.isSuperset(of: includes.capabilities) { return nil }
      if let kernel = try includes.kernel("\(path).includes"), !machine.isAtLeast(kernel) {
        return nil
      }
    }
    if let excludes {
      if excludes.architectures.contains(machine.profileName) { return nil }
      if !machine.capabilities.isDisjoint(with: excludes.capabilities) { return nil }
      if let kernel = try excludes.kernel("\(path).excludes"), machine.isAtLeast(kernel) {
        return nil
      }
    }
    let all = name.map { [$0] + names } ?? names
    guard !all.isEmpty else { throw SpecError("is missing", path: "\(path).names") }
    return RuntimeSyscallRule(all, action: action, errnoRet: errnoRet, args: args)
  }
}
