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
    ///
    /// A mount of its own (`MountCall.readOnlyCopy`) has nothing above it that the child could be asked for.
    public var cgroup: Int32?
    /// A directory to have as root (chroot(2)), or nil: the mount namespace's.
    public var root: Int32?

    public init(
      target: Int32, namespaces: NamespaceSet, cgroup: Int32? = nil, root: Int32? = nil
    ) {
      self.target = target
      self.namespaces = namespaces
      self.cgroup = cgroup
      self.root = root
    }
  }

  /// Runs `body` in a new process in other namespaces, whose memory is a copy of this one.
  ///
  /// A process that borrows our memory joins the namespaces and makes the child, which is ours and ends
  /// with the value that `body` returns. Neither is dumpable, which keeps processes of other user
  /// namespaces out (ptrace(2)); where the other process shares ours, one with CAP_SYS_PTRACE can get at
  /// the child as soon as it is in its pid namespace, so all that matters must be joined here.
  ///
  /// The child has, of our descriptors, 0 to 2, those that are named, and after them those of `place`, of
  /// which `body` gets the target's number. All signals are blocked in it
  /// (`ProcessAttributes.resetSignals`). The caller must have one thread.
  ///
  /// `descriptors`: what the child's 0 to 2 are, unless ours, and what else it is to have.
  /// Throws `setns` where the namespaces cannot be joined, and `clone3`.
  public static func spawn(
    in place: Place, descriptors: [(child: Int32, ours: Int32)], _ body: (Int32) -> Int32
  ) throws(SystemError) -> ChildProcess {
    let target = max(descriptors.map(\.child).max() ?? 2, 2) + 1
    var program = Program("", environment: [])
    program.descriptors = descriptors + [(target, place.target)]
    var there = clinux_place(
      namespaces: place.namespaces.cloneFlags, target: target, cgroup: -1, root: -1)
    if let cgroup = place.cgroup {
      there.cgroup = target + 1
      program.descriptors.append((there.cgroup, cgroup))
    }
    if let root = place.root {
      there.root = target + 2
      program.descriptors.append((there.root, root))
    }
    var refused: Int32 = 0
    let pid = withoutActuallyEscaping(body) { body in
      let box = ChildBody { body(target) }
      let prepared = unsafe PreparedProgram(program)
      defer { unsafe prepared.free() }
      var program = unsafe prepared.program
      return unsafe clinux_enter(&program, &there, ChildBody.enter, box.context, &refused)
    }
    if refused == 1 { try check(pid, "setns", place.namespaces.description) }
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
