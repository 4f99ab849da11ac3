import Cgroups
import LinuxSystem
import Model
public import OCISpec

/// `exec`: one more process in a running container.
public struct ExecProcess {
  /// What the process is: a whole document, or the container's own with changes.
  public enum Source: Sendable {
    case file(String)
    case document(RuntimeProcess)
    case changes(ExecChanges)
  }

  public var id: String
  public var source: Source
  public var detach = false
  public var pidFile: String?
  public var consoleSocket: String?
  /// A socket that takes the process's pidfd.
  public var pidfdSocket: String?
  public var preservedDescriptors: Int32 = 0
  /// A cgroup below the container's.
  public var cgroup: String?
  /// Whether a paused container takes a process, which waits frozen with the others.
  public var ignorePaused = false
  public var context: RuntimeContext

  public init(_ id: String, _ source: Source, context: RuntimeContext) {
    self.id = id
    self.source = source
    self.context = context
  }

  /// The process's exit status, or 0 when detached.
  public func run() throws(RuntimeError) -> Int32 {
    guard (0..<1_024).contains(preservedDescriptors) else {
      throw .unusable(field: "--preserve-fds", "is not between 0 and 1023")
    }
    for fd in 3..<(3 + preservedDescriptors) where !Descriptor.isOpen(fd) {
      throw .unusable(field: "--preserve-fds", "descriptor \(fd) is not open")
    }
    let id = try ContainerID(id)
    let record = try context.states.load(id)
    let status = record.status(in: context.states)
    guard status == .running || status == .created || (status == .paused && ignorePaused) else {
      throw .noExec(id: id.text, status: status.rawValue)
    }
    var plan = try plan(record)
    if consoleSocket == nil && !detach { plan.takeSizeOfOurTerminal() }
    let console = try connectConsole(plan.terminal)
    let started = try ExecLauncher(
      plan: plan, record: record, console: console, below: cgroup,
      watcher: try PIDFDSocket(pidfdSocket)
    ).launch()
    try writePIDFile(started.child.pid)
    let pid = started.child.pid
    context.debug { "container `\(id)`: process \(pid) joined" }
    if detach { return 0 }
    return try ForegroundProcess(terminal: started.terminal).wait(for: started.child).shellStatus
  }

  /// What the process is to be, in the container as it was made.
  func plan(_ record: StateRecord) throws(RuntimeError) -> ProcessPlan {
    let spec = try context.loadSpec(record)
    let process = try process(spec)
    var plan = try ProcessPlan(process)
    plan.takeAnnotations(spec.annotations)
    plan.personality = try ContainerPlan.personality(spec.linux?.personality)
    plan.memoryPolicy = try ContainerPlan.memoryPolicy(spec.linux)
    plan.preservedDescriptors = preservedDescriptors
    plan.capabilities.report(to: context)
    plan.filter = try SeccompProgram(spec, cache: context.filterCache)
    plan.filter.report(to: context)
    return plan
  }

  private func process(_ spec: RuntimeSpec) throws(RuntimeError) -> RuntimeProcess {
    switch source {
    case .file(let path):
      let bytes = try during("read \(path)") { () throws(SystemError) in
        try FileTree.read(path, limit: 1 << 24)
      }
      do { return try RuntimeProcess(parsing: bytes) } catch {
        throw .badDocument(file: path, error)
      }
    case .document(let process): return process
    case .changes(let changes):
      guard let base = spec.process else { throw .unusable(field: "process", "is missing") }
      return try changes.applied(to: base)
    }
  }

  private func connectConsole(_ terminal: Bool) throws(RuntimeError) -> Int32 {
    guard terminal, let consoleSocket else { return -1 }
    return try during("connect to the console socket") { () throws(SystemError) in
      try UnixSocket.connect(path: consoleSocket)
    }.release()
  }

  private func writePIDFile(_ pid: Int32) throws(RuntimeError) {
    guard let pidFile else { return }
    try during("write the pid file \(pidFile)") { () throws(SystemError) in
      try FileTree.write("\(pidFile).\(pid)", "\(pid)", mode: 0o644)
      try FileTree.rename("\(pidFile).\(pid)", to: pidFile)
    }
  }
}

/// The options of `exec` that change the container's own process.
public struct ExecChanges: Sendable {
  public var arguments: [String] = []
  public var environment: [String] = []
  public var workingDirectory: String?
  /// `UID` or `UID:GID`, decimal.
  public var user: String?
  /// Decimal.
  public var additionalGroups: [String] = []
  public var capabilities: [String] = []
  public var terminal = false
  public var noNewPrivileges = false
  public var apparmorProfile: String?
  public var processLabel: String?

  public init() {}

  func applied(to base: RuntimeProcess) throws(RuntimeError) -> RuntimeProcess {
    var process = base
    process.args = arguments
    process.terminal = terminal
    process.consoleSize = nil
    if let workingDirectory { process.cwd = workingDirectory }
    for entry in environment {
      guard entry.contains("=") else {
        throw .unusable(field: "--env", "`\(entry)` has no `=`")
      }
      let name = entry.prefix { $0 != "=" }
      process.env.removeAll { $0.prefix { $0 != "=" } == name }
      process.env.append(entry)
    }
    if let user {
      let (uid, gid) = try Self.ids(user)
      process.user.uid = uid
      if let gid { process.user.gid = gid }
    }
    for text in additionalGroups {
      guard let gid = UInt32(text) else {
        throw .unusable(field: "--additional-gids", "`\(text)` is not a group id")
      }
      process.user.additionalGids.append(gid)
    }
    if noNewPrivileges { process.noNewPrivileges = true }
    if let apparmorProfile { process.apparmorProfile = apparmorProfile }
    if let processLabel { process.selinuxLabel = processLabel }
    if !capabilities.isEmpty {
      var sets = process.capabilities ?? RuntimeCapabilities()
      sets.bounding += capabilities
      sets.permitted += capabilities
      sets.effective += capabilities
      // Only these can be ambient (capabilities(7)); the container's inheritable set stays.
      let inheritable = sets.inheritable.map(Capability.number)
      sets.ambient += capabilities.filter { inheritable.contains(Capability.number($0)) }
      process.capabilities = sets
    }
    return process
  }

  /// Exactly digits: a number that almost parses would be another user (CVE-2026-30892).
  static func ids(_ text: String) throws(RuntimeError) -> (UInt32, UInt32?) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.map { part -> UInt32? in
      guard !part.isEmpty, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = UInt32(part), number != .max
      else { return nil }
      return number
    }
    guard parts.count <= 2, let uid = numbers[0], parts.count == 1 || numbers[1] != nil else {
      throw .unusable(field: "--user", "`\(text)` is not UID or UID:GID")
    }
    return (uid, parts.count == 2 ? numbers[1] : nil)
  }
}
