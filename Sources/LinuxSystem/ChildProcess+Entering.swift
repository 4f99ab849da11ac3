import CLinux
import Glibc

extension ChildProcess {
  /// Where a process goes that is started in another one's namespaces.
  public struct Place: Sendable {
    /// The other process's pidfd, and which of its namespaces; no time namespace, which cannot be joined
    /// so (setns(2)).
    public var target: Int32
    public var namespaces: NamespaceSet
    /// A cgroup v2 directory to be born in, or nil.
    public var cgroup: Int32?

    public init(target: Int32, namespaces: NamespaceSet, cgroup: Int32?) {
      self.target = target
      self.namespaces = namespaces
      self.cgroup = cgroup
    }
  }

  /// Runs `body` in a new process in other namespaces, whose memory is a copy of this one.
  ///
  /// A process that borrows our memory joins the namespaces and makes the child, which is ours and ends
  /// with the value that `body` returns. Neither is dumpable, which keeps processes of other user
  /// namespaces out (ptrace(2)); where the other process shares ours, one with CAP_SYS_PTRACE can get at
  /// the child as soon as it is in its pid namespace, so all that matters must be joined here.
  ///
  /// The child has, of our descriptors, those that are named, and after them those of `place`, of
  /// which `body` gets the target's number. All signals are blocked in it
  /// (`ProcessAttributes.resetSignals`). The caller must have one thread.
  ///
  /// `descriptors`: 0 to 2, and what else it is to have.
  public static func spawn(
    in place: Place, descriptors: [(child: Int32, ours: Int32)], _ body: (Int32) -> Int32
  ) throws(SystemError) -> ChildProcess {
    let target = (descriptors.map(\.child).max() ?? 2) + 1
    var program = Program("", environment: [])
    program.descriptors = descriptors + [(target, place.target)]
    if let cgroup = place.cgroup { program.descriptors.append((target + 1, cgroup)) }
    let birthplace = place.cgroup == nil ? -1 : target + 1
    let pid = withoutActuallyEscaping(body) { body in
      let box = ChildBody { body(target) }
      let prepared = unsafe PreparedProgram(program)
      defer { unsafe prepared.free() }
      var program = unsafe prepared.program
      return unsafe clinux_enter(
        &program, target, place.namespaces.cloneFlags, birthplace, ChildBody.enter, box.context)
    }
    try check(pid, "clone3")
    // Not yet reaped, so the number is still its own.
    let pidfd = clinux_pidfd_open(pid, 0)
    guard pidfd >= 0 else {
      // Nobody could look after it.
      _ = Glibc.kill(pid, SIGKILL)
      throw SystemError("pidfd_open", "\(pid)", errno: -pidfd)
    }
    return ChildProcess(adopting: pid, pidfd: pidfd)
  }
}
