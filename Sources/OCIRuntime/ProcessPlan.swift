import LinuxSystem
import Model
import OCISpec

/// How a process of a container is made out of one of ours: everything decided, nothing looked up.
struct ProcessPlan: Sendable {
  struct Limit: Equatable, Sendable {
    var resource: UInt32
    var soft: UInt64
    var hard: UInt64
  }

  var arguments: [String]
  /// Each name once.
  var environment: [String]
  var workingDirectory: String
  var user: RuntimeUser
  var capabilities: CapabilityPlan
  var limits: [Limit]
  var noNewPrivileges: Bool
  var terminal: Bool
  var consoleSize: RuntimeConsoleSize?
  var oomScoreAdjustment: Int?
  var apparmorProfile: String?
  var selinuxLabel: String?
  var scheduler: SchedulerPlan?
  var ioPriority: RuntimeIOPriority?
  /// CPUs by bit; nil leaves them as they are.
  var affinity: [UInt8]?
  /// personality(2)'s argument.
  var personality: UInt64?
  var memoryPolicy: MemoryPolicyPlan?
  var keyring: String?
  /// Whether the caller's supplementary groups stay, as the annotation `run.oci.keep_original_groups`
  /// of crun(1) asks.
  var keepsGroups = false
  /// An empty filter means none.
  var filter = SeccompProgram()
  /// Descriptors 3 to 2+n are the process's.
  var preservedDescriptors: Int32 = 0

  init(_ process: RuntimeProcess, field: String = "process") throws(RuntimeError) {
    guard !process.args.isEmpty, !process.args[0].isEmpty else {
      throw .unusable(field: "\(field).args", "there is no command to run")
    }
    guard process.cwd.hasPrefix("/") else {
      throw .unusable(field: "\(field).cwd", "`\(process.cwd)` is not an absolute path")
    }
    arguments = process.args
    environment = EnvironmentList.withoutRepeats(process.env)
    for (index, entry) in process.env.enumerated() where !entry.contains("=") {
      throw .unusable(field: "\(field).env[\(index)]", "`\(entry)` has no `=`")
    }
    workingDirectory = process.cwd
    user = process.user
    capabilities = CapabilityPlan(process.capabilities)
    limits = try Self.limits(process.rlimits, field)
    noNewPrivileges = process.noNewPrivileges
    terminal = process.terminal
    consoleSize = process.consoleSize
    if let score = process.oomScoreAdj, !(-1_000...1_000).contains(score) {
      throw .unusable(field: "\(field).oomScoreAdj", "\(score) is not between -1000 and 1000")
    }
    oomScoreAdjustment = process.oomScoreAdj
    apparmorProfile = process.apparmorProfile.flatMap { $0.isEmpty ? nil : $0 }
    selinuxLabel = process.selinuxLabel.flatMap { $0.isEmpty ? nil : $0 }
    scheduler = try process.scheduler.map { (plan) throws(RuntimeError) in
      try SchedulerPlan(plan, field: "\(field).scheduler")
    }
    ioPriority = process.ioPriority
    if let priority = ioPriority?.priority, !(0...7).contains(priority) {
      throw .unusable(field: "\(field).ioPriority.priority", "\(priority) is not between 0 and 7")
    }
    // `initial` holds until the process is in its cgroup, `final` from then on; ours is born there.
    let initial = try Self.cpus(
      process.execCPUAffinity?.initial, "\(field).execCPUAffinity.initial")
    let final = try Self.cpus(process.execCPUAffinity?.final, "\(field).execCPUAffinity.final")
    affinity = final ?? initial
  }

  /// The size of the terminal that ours is relayed to, from the first instruction on; unless the
  /// document says another.
  mutating func takeSizeOfOurTerminal() {
    guard terminal, consoleSize == nil, let size = PseudoTerminal.standardSize else { return }
    consoleSize = RuntimeConsoleSize(height: size.rows, width: size.columns)
  }

  mutating func takeAnnotations(_ annotations: [String: String]) {
    keepsGroups = annotations[.originalGroups] == "1"
  }

  private static func limits(_ limits: [RuntimeResourceLimit], _ field: String)
    throws(RuntimeError) -> [Limit]
  {
    var plans: [Limit] = []
    for (index, limit) in limits.enumerated() {
      guard let resource = ResourceLimit.number(limit.type) else {
        throw .unusable(field: "\(field).rlimits[\(index)].type", "unknown value `\(limit.type)`")
      }
      guard !plans.contains(where: { $0.resource == resource }) else {
        throw .unusable(field: "\(field).rlimits[\(index)].type", "`\(limit.type)` appears twice")
      }
      plans.append(Limit(resource: resource, soft: limit.soft, hard: limit.hard))
    }
    return plans
  }

  /// `0-3,7` as bits, least significant first; nil for no text.
  static func cpus(_ text: String?, _ field: String, of what: String = "CPUs")
    throws(RuntimeError) -> [UInt8]?
  {
    guard let text, !text.isEmpty else { return nil }
    var mask = [UInt8](repeating: 0, count: 128)
    for part in text.split(separator: ",") {
      let ends = part.trimmingSpaces.split(separator: "-", omittingEmptySubsequences: false)
      guard let first = ends.first.flatMap({ Int($0) }), let last = Int(ends[ends.count - 1]),
        ends.count <= 2, first >= 0, first <= last, last < mask.count * 8
      else { throw .unusable(field: field, "`\(text)` is not a list of \(what)") }
      for cpu in first...last { mask[cpu / 8] |= 1 << UInt8(cpu % 8) }
    }
    return mask
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = self
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    return text
  }
}

/// sched_setattr(2)'s arguments.
struct SchedulerPlan: Equatable, Sendable {
  var policy: UInt32
  var flags: UInt64 = 0
  var nice: Int32
  var priority: UInt32
  var runtime: UInt64
  var deadline: UInt64
  var period: UInt64

  private static let policies: [String: UInt32] = [
    "SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_ISO": 4,
    "SCHED_IDLE": 5, "SCHED_DEADLINE": 6,
  ]

  private static let flagValues: [String: UInt64] = [
    "SCHED_FLAG_RESET_ON_FORK": 0x01, "SCHED_FLAG_RECLAIM": 0x02, "SCHED_FLAG_DL_OVERRUN": 0x04,
    "SCHED_FLAG_KEEP_POLICY": 0x08, "SCHED_FLAG_KEEP_PARAMS": 0x10,
    "SCHED_FLAG_UTIL_CLAMP_MIN": 0x20, "SCHED_FLAG_UTIL_CLAMP_MAX": 0x40,
  ]

  init(_ scheduler: RuntimeScheduler, field: String) throws(RuntimeError) {
    guard let policy = Self.policies[scheduler.policy] else {
      throw .unusable(field: "\(field).policy", "unknown value `\(scheduler.policy)`")
    }
    self.policy = policy
    nice = scheduler.nice ?? 0
    guard let priority = UInt32(exactly: scheduler.priority ?? 0) else {
      throw .unusable(field: "\(field).priority", "is negative")
    }
    self.priority = priority
    runtime = scheduler.runtime ?? 0
    deadline = scheduler.deadline ?? 0
    period = scheduler.period ?? 0
    for flag in scheduler.flags {
      guard let value = Self.flagValues[flag] else {
        throw .unusable(field: "\(field).flags", "unknown value `\(flag)`")
      }
      flags |= value
    }
  }
}
