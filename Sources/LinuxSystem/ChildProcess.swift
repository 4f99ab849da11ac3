import CLinux
import Glibc

/// How a process ended.
public enum ProcessEnd: Equatable, Sendable {
  case exited(Int32)
  case signaled(Int32)

  /// The shell's number for it: the exit status, or 128 plus the signal.
  public var shellStatus: Int32 {
    switch self {
    case .exited(let status): status
    case .signaled(let signal): 128 + signal
    }
  }

  init(code: Int32, status: Int32) {
    // CLD_EXITED is 1; CLD_KILLED and CLD_DUMPED carry the signal (waitid(2)).
    self = code == 1 ? .exited(status) : .signaled(status)
  }
}

/// A child of this process, known by pidfd.
///
/// It can never be mistaken for a stranger that got the same number. Dropping it neither ends nor
/// reaps the process.
public struct ChildProcess: ~Copyable, Sendable {
  public let pid: Int32
  public let pidfd: OwnedDescriptor

  init(pid: Int32, pidfd: consuming OwnedDescriptor) {
    self.pid = pid
    self.pidfd = pidfd
  }

  /// Runs `body` in a new process whose memory is a copy of this one (clone3(2), no CLONE_VM).
  ///
  /// The process ends with the value that `body` returns. The caller must have one thread.
  ///
  /// `flags`: CLONE_NEW* bits; `Namespace.Kinds.cloneFlags` makes them.
  /// `cgroup`: a cgroup v2 directory's descriptor to be born in, or nil.
  public static func spawn(
    flags: UInt64 = 0, cgroup: Int32? = nil, _ body: () -> Int32
  ) throws(SystemError) -> ChildProcess {
    var pidfd: Int32 = -1
    let pid = withoutActuallyEscaping(body) { body in
      let box = ChildBody(body)
      return unsafe clinux_spawn(flags, cgroup ?? -1, ChildBody.enter, box.context, &pidfd)
    }
    try check(pid, "clone3")
    return ChildProcess(pid: pid, pidfd: OwnedDescriptor(owning: pidfd))
  }

  /// The same in this process's memory, which it gets back when the new one executes a program or ends
  /// (clone(2), CLONE_VM and CLONE_VFORK): nothing is copied, and until then it waits.
  ///
  /// What `body` changes in memory stays changed, and what it has when it executes a program is never
  /// given back. Signals wait meanwhile, for both, so that it is for short work alone. Where the new
  /// process is killed before it executes a program (`Program.become`), this one ends too, with status
  /// 125 and `lastWords` on standard error: memory may be half changed.
  public static func spawnBorrowing(
    lastWords: StaticString, _ body: @escaping () -> Int32
  ) throws(SystemError) -> ChildProcess {
    var pidfd: Int32 = -1
    let box = ChildBody(body)
    let pid = withExtendedLifetime(box) {
      unsafe clinux_spawn_borrowing(
        ChildBody.enter, box.context, lastWords.utf8Start, &pidfd)
    }
    try check(pid, "clone")
    return ChildProcess(pid: pid, pidfd: OwnedDescriptor(owning: pidfd))
  }

  /// Waits for the end and reaps it (waitid(2), P_PIDFD).
  public func wait() throws(SystemError) -> ProcessEnd {
    var code: Int32 = 0
    var status: Int32 = 0
    try check(unsafe clinux_wait_pidfd(pidfd.raw, 0, &code, &status), "waitid", "\(pid)")
    return ProcessEnd(code: code, status: status)
  }

  public func kill(_ signal: Int32) throws(SystemError) {
    try check(clinux_pidfd_send_signal(pidfd.raw, signal), "pidfd_send_signal", "\(pid)")
  }

  /// Any child that has ended, reaped; nil when none has (waitid(2), P_ALL, WNOHANG).
  public static func reapAny() throws(SystemError) -> (pid: Int32, end: ProcessEnd)? {
    var code: Int32 = 0
    var status: Int32 = 0
    let pid = unsafe clinux_wait_pid(-1, 1, &code, &status)
    if pid == -ECHILD { return nil }
    try check(pid, "waitid")
    return pid == 0 ? nil : (pid, ProcessEnd(code: code, status: status))
  }

  /// Reaps the child `pid`, waiting for it.
  public static func reap(_ pid: Int32) throws(SystemError) -> ProcessEnd {
    var code: Int32 = 0
    var status: Int32 = 0
    try check(unsafe clinux_wait_pid(pid, 0, &code, &status), "waitid", "\(pid)")
    return ProcessEnd(code: code, status: status)
  }
}

/// A process that need not be our child, held by pidfd (pidfd_open(2)).
public struct ProcessHandle: ~Copyable, Sendable {
  public let pid: Int32
  public let pidfd: OwnedDescriptor

  /// Nil when there is no such process.
  ///
  /// Check its identity (`startTime`) after opening.
  public static func find(_ pid: Int32) throws(SystemError) -> ProcessHandle? {
    let fd = clinux_pidfd_open(pid, 0)
    if fd == -ESRCH || fd == -EINVAL { return nil }
    try check(fd, "pidfd_open", "\(pid)")
    return ProcessHandle(pid: pid, pidfd: OwnedDescriptor(owning: fd))
  }

  /// False when the process is gone.
  @discardableResult
  public func kill(_ signal: Int32) throws(SystemError) -> Bool {
    let result = clinux_pidfd_send_signal(pidfd.raw, signal)
    if result == -ESRCH { return false }
    try check(result, "pidfd_send_signal", "\(pid)")
    return true
  }

  /// Waits for the process to end, up to `milliseconds` (-1: for ever); whether it has.
  public func waitForEnd(milliseconds: Int32) throws(SystemError) -> Bool {
    try Descriptor.waitReadable(pidfd.raw, milliseconds: milliseconds)
  }

  /// When the process started, in clock ticks since boot.
  ///
  /// With the pid, its identity (proc_pid_stat(5), field 22). Nil when it is gone or a zombie.
  public static func startTime(_ pid: Int32) -> UInt64? {
    guard let stat = try? FileTree.readText("/proc/\(pid)/stat"),
      let close = stat.lastIndex(of: ")")
    else { return nil }
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return UInt64(fields[19])
  }
}

/// What a child process is to run, as C carries it there.
final class ChildBody {
  private let body: () -> Int32
  init(_ body: @escaping () -> Int32) { self.body = body }

  /// Valid for as long as this object is held.
  var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

  static let enter: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
    guard let context = unsafe context else { return 127 }
    return unsafe Unmanaged<ChildBody>.fromOpaque(context).takeUnretainedValue().body()
  }
}
