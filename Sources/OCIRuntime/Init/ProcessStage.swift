import LinuxSystem
import Model
import OCISpec

/// Turns the calling process into one of the container's: limits, ids, capabilities, filter,
/// program.
///
/// The same for the first process and for `exec`.
struct ProcessStage {
  let plan: ProcessPlan

  init(_ plan: ProcessPlan) { self.plan = plan }

  /// What can still be reported by `create`: everything up to the last privileges.
  func assume() throws(RuntimeError) {
    try setAttributes()
    try giveStandardStreams()
    let entered = try enterWorkingDirectory(retry: false)
    try during("drop capabilities from the bounding set") { () throws(SystemError) in
      try Capability.limitBounding(to: plan.capabilities.bounding)
      try Capability.keepOverUserChange(true)
    }
    try changeUser()
    if !entered { _ = try enterWorkingDirectory(retry: true) }
    if let mask = plan.user.umask { CurrentProcess.setUmask(mask) }
    _ = try findProgram()
  }

  private func setAttributes() throws(RuntimeError) {
    for limit in plan.limits {
      try during("set the resource limit") { () throws(SystemError) in
        try ResourceLimit.set(limit.resource, soft: limit.soft, hard: limit.hard)
      }
    }
    try during("set the scheduler") { () throws(SystemError) in
      if let s = plan.scheduler {
        try ProcessAttributes.setScheduler(
          policy: s.policy, flags: s.flags, nice: s.nice, priority: s.priority,
          runtime: s.runtime, deadline: s.deadline, period: s.period)
      }
      if let io = plan.ioPriority {
        let number: Int32 =
          switch io.class {
          case .realTime: 1
          case .bestEffort: 2
          case .idle: 3
          }
        try ProcessAttributes.setIOPriority(class: number, priority: io.priority)
      }
      if let mask = plan.affinity { try ProcessAttributes.setAffinity(mask) }
      if let persona = plan.personality { try ProcessAttributes.setPersonality(persona) }
    }
    if let policy = plan.memoryPolicy {
      try during("set linux.memoryPolicy") { () throws(SystemError) in
        try ProcessAttributes.setMemoryPolicy(policy.mode, nodes: policy.nodes)
      }
    }
    // A kernel without keyrings, or a filter around us that forbids them, is no reason to stop.
    if let name = plan.keyring { try? Credentials.joinSessionKeyring(name) }
    try setLabels()
  }

  private func setLabels() throws(RuntimeError) {
    guard plan.apparmorProfile != nil || plan.selinuxLabel != nil else { return }
    let proc = try ProcessFiles()
    let me = CurrentProcess.id
    if let profile = plan.apparmorProfile, profile != "unconfined" {
      try during("set the apparmor profile \(profile)") { () throws(SystemError) in
        guard FileTree.exists("/sys/kernel/security/apparmor") || Self.apparmorIsOn else {
          throw SystemError("apparmor", "this kernel", errno: Errno.notSupported)
        }
        try proc.write("\(me)/attr/exec", "exec \(profile)")
      }
    }
    if let label = plan.selinuxLabel {
      try during("set the selinux label \(label)") { () throws(SystemError) in
        try proc.write("\(me)/attr/exec", label)
      }
    }
  }

  private static var apparmorIsOn: Bool {
    (try? FileTree.readText("/sys/module/apparmor/parameters/enabled"))?.hasPrefix("Y") ?? false
  }

  /// Lets the process open /dev/stdout and its like again.
  private func giveStandardStreams() throws(RuntimeError) {
    guard plan.user.uid != 0 else { return }
    for fd in Int32(0)...2 {
      // Pipes, and files that are written: what the caller lets us read, and terminals, must not
      // change hands.
      guard let status = try? FileStatus.of(descriptor: fd), status.uid != plan.user.uid,
        status.kind == .fifo || (status.kind == .regular && Descriptor.isWritable(fd))
      else { continue }
      // A pipe of somebody else's stays theirs: EPERM, or EINVAL when an id is not mapped.
      do throws(SystemError) {
        try FileNode.setOwner(descriptor: fd, uid: plan.user.uid, gid: plan.user.gid)
      } catch { try? FileNode.setOwner(descriptor: fd, uid: plan.user.uid, gid: .max) }
    }
  }

  /// Resolved inside the root, magic links refused: a directory of the host's that is still open
  /// cannot be reached as /proc/self/fd/N (CVE-2024-21626).
  private func enterWorkingDirectory(retry: Bool) throws(RuntimeError) -> Bool {
    do throws(SystemError) {
      let root = try RootDirectory("/")
      let directory = try root.open(plan.workingDirectory, [.path, .directory])
      try ProcessAttributes.changeDirectory(descriptor: directory.raw)
      return true
    } catch {
      // A directory of the user's on a filesystem that root may not read.
      if !retry && error.errno == Errno.accessDenied { return false }
      throw .system(
        "change to the working directory",
        SystemError("chdir", plan.workingDirectory, errno: error.errno))
    }
  }

  private func changeUser() throws(RuntimeError) {
    let user = plan.user
    do throws(SystemError) {
      if !plan.keepsGroups { try Credentials.setSupplementaryGroups(user.additionalGids) }
    } catch {
      // setgroups(2) is denied where an unprivileged user wrote the gid map; having no groups to
      // set or to drop is then fine.
      guard error.errno == Errno.notPermitted, user.additionalGids.isEmpty else {
        throw .system("set the additional groups", error)
      }
    }
    try during("change to user \(user.uid):\(user.gid)") { () throws(SystemError) in
      try Credentials.setGroup(user.gid)
      try Credentials.setUser(user.uid)
    }
  }

  /// The last part: capabilities, filter, program.
  ///
  /// Returns only by throwing.
  ///
  /// `state` goes with the filter's notification descriptor to its agent; `last` is what still has to
  /// be done, with the process's capabilities and below its filter; it gets the environment. `kept`
  /// are sockets that errors are told to.
  func execute(
    _ state: RuntimeState, keeping kept: [Int32] = [],
    last: ([String]) throws(RuntimeError) -> Void = { _ in }
  ) throws(RuntimeError) -> Never {
    // Before the program is looked up: /proc/self/fd/N/.. leads to the host until then, also from an
    // interpreter's line, which execve(2) follows before it closes anything (CVE-2024-21626).
    try during("close descriptors") { () throws(SystemError) in
      try Descriptor.closeAll(
        from: 3 + plan.preservedDescriptors, except: kept + [plan.filter.listenerSocket])
      try ProcessAttributes.closeOnExec(from: 3 + plan.preservedDescriptors)
      for fd in 3..<(3 + plan.preservedDescriptors) where Descriptor.isOpen(fd) {
        try Descriptor.replace(fd, with: fd)
      }
    }
    let program = try findProgram()
    let environment = environment()
    let sets = plan.capabilities
    if !plan.noNewPrivileges {
      // Without no_new_privs a filter needs CAP_SYS_ADMIN: before the capabilities go.
      try during("install the seccomp filter") { () throws(SystemError) in
        let now = try Capability.current()
        try Capability.set(
          effective: now.permitted, permitted: now.permitted, inheritable: now.inheritable)
        try installFilter(state)
      }
    }
    try during("set capabilities") { () throws(SystemError) in
      try Capability.set(
        effective: sets.effective.intersection(sets.permitted), permitted: sets.permitted,
        inheritable: sets.inheritable)
      try Capability.setAmbient(sets.ambient)
    }
    if plan.noNewPrivileges {
      try during("install the seccomp filter") { () throws(SystemError) in
        try Credentials.denyNewPrivileges()
        try installFilter(state)
      }
    }
    try last(environment)
    var image = Program(program, Array(plan.arguments.dropFirst()), environment: environment)
    image.name = plan.arguments[0]
    ProcessAttributes.resetSignals()
    do throws(SystemError) { try image.exec() } catch {
      // The file itself has been found.
      if error.errno == Errno.noEntry { throw .noInterpreter(plan.arguments[0]) }
      throw Self.meaning(of: error, for: plan.arguments[0])
    }
  }

  private func installFilter(_ state: RuntimeState) throws(SystemError) {
    guard !plan.filter.instructions.isEmpty else { return }
    let flags = SystemCallFilter.Flags(rawValue: plan.filter.flags)
    let listener = try SystemCallFilter.install(plan.filter.instructions, flags: flags)
    if flags.contains(.newListener) {
      try plan.filter.sendListener(listener, of: state)
    }
  }

  /// An empty HOME is none.
  private func environment() -> [String] {
    var entries = plan.environment
    let home = entries.firstIndex { $0 == "HOME" || $0.hasPrefix("HOME=") }
    guard home.map({ entries[$0] == "HOME=" }) ?? true else { return entries }
    let found = "HOME=\(Self.home(of: plan.user.uid) ?? "/")"
    if let home { entries[home] = found } else { entries.append(found) }
    return entries
  }

  /// The user's home in the container's passwd(5).
  private static func home(of uid: UInt32) -> String? {
    guard let root = try? RootDirectory("/"),
      let text = try? root.readSmallText("/etc/passwd")
    else { return nil }
    for line in text.utf8.split(separator: 0x0A) {
      let fields = line.split(separator: 0x3A, omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 6, UInt32(fields[2] ?? "") == uid, let home = fields[5], !home.isEmpty
      else { continue }
      return home
    }
    return nil
  }

  /// The program's path, looked up as the container's user in the container's PATH.
  private func findProgram() throws(RuntimeError) -> String {
    let name = plan.arguments[0]
    if name.contains("/") {
      try checkProgram(name, name)
      return name
    }
    let path = plan.environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5)
    var found: String?
    for directory in (path ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
      .split(separator: ":", omittingEmptySubsequences: false)
    {
      let candidate = directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
      guard let status = try? FileStatus.find(candidate, follow: true), status.kind == .regular
      else { continue }
      if FileTree.isExecutable(candidate) { return candidate }
      found = found ?? candidate
    }
    guard let found else { throw .commandNotFound(name) }
    try checkProgram(found, name)
    return found
  }

  private func checkProgram(_ path: String, _ name: String) throws(RuntimeError) {
    do throws(SystemError) {
      let status = try FileStatus.of(path, follow: true)
      guard status.kind != .directory else {
        throw SystemError("execve", path, errno: Errno.isDirectory)
      }
      guard status.kind == .regular, FileTree.isExecutable(path) || isOverridden(status) else {
        throw SystemError("execve", path, errno: Errno.accessDenied)
      }
    } catch { throw Self.meaning(of: error, for: name) }
  }

  private static let overridesAccess = Capability.Mask(
    rawValue: 1 << UInt64(Capability.number("CAP_DAC_OVERRIDE") ?? 1))

  /// Whether the process will have the capability that passes over modes (capabilities(7)); it
  /// has not yet, and one bit for somebody is still needed.
  private func isOverridden(_ status: FileStatus) -> Bool {
    status.permissions & 0o111 != 0 && plan.capabilities.effective.contains(Self.overridesAccess)
  }

  private static func meaning(of error: SystemError, for name: String) -> RuntimeError {
    switch error.errno {
    case Errno.noEntry, Errno.notDirectory: .commandNotFound(name)
    case Errno.accessDenied, Errno.notPermitted:
      .commandNotExecutable(name, "permission denied")
    case Errno.isDirectory: .commandNotExecutable(name, "permission denied: it is a directory")
    default: .commandNotExecutable(name, error.reason)
    }
  }
}
