import CLinux
import Glibc

/// How the kernel schedules and presents the calling process.
public enum ProcessAttributes {
  /// sched_setattr(2); times in nanoseconds.
  public static func setScheduler(
    policy: UInt32, flags: UInt64, nice: Int32, priority: UInt32, runtime: UInt64,
    deadline: UInt64, period: UInt64
  ) throws(SystemError) {
    try check(
      clinux_sched_setattr(0, policy, flags, nice, priority, runtime, deadline, period),
      "sched_setattr")
  }

  /// Class 1 to 3 and priority 0 to 7 (ioprio_set(2)).
  public static func setIOPriority(class: Int32, priority: Int32) throws(SystemError) {
    try check(clinux_ioprio_set(1, 0, `class` << 13 | priority), "ioprio_set")
  }

  /// personality(2).
  public static func setPersonality(_ persona: UInt64) throws(SystemError) {
    try check(clinux_personality(persona), "personality")
  }

  /// A mode with its flags, and memory nodes by bit (set_mempolicy(2)); a multiple of 8 bytes.
  public static func setMemoryPolicy(_ mode: Int32, nodes: [UInt8]) throws(SystemError) {
    try check(
      unsafe nodes.withUnsafeBufferPointer {
        unsafe clinux_set_mempolicy(mode, $0.baseAddress, UInt64($0.count))
      }, "set_mempolicy")
  }

  /// CPUs by bit, least significant first (sched_setaffinity(2)).
  public static func setAffinity(_ mask: [UInt8]) throws(SystemError) {
    try check(
      unsafe mask.withUnsafeBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return -EINVAL }
        return unsafe clinux_sched_setaffinity(0, UInt64(bytes.count), start)
      }, "sched_setaffinity")
  }

  /// Goes on on another processor, if there is one, where a process that we have just made was put on
  /// ours.
  ///
  /// Some kernels have a new process wait for as long as its maker runs, though others are idle. The
  /// processors that we may run on stay the same.
  public static func stepAside(for pid: Int32) { clinux_step_aside(pid) }

  /// Default actions for every signal and none blocked, as a new program expects.
  public static func resetSignals() { _ = clinux_reset_signals() }

  /// Marks every descriptor from `first` up close-on-exec (close_range(2)).
  public static func closeOnExec(from first: Int32) throws(SystemError) {
    try check(
      clinux_close_range(UInt32(first), .max, CLINUX_CLOSE_RANGE_CLOEXEC), "close_range")
  }

  /// Moves to the directory open as `descriptor` (fchdir(2)).
  public static func changeDirectory(descriptor: Int32) throws(SystemError) {
    try checkErrno(fchdir(descriptor), "fchdir")
  }

  public static func changeRoot(_ path: String) throws(SystemError) {
    try checkErrno(unsafe chroot(path), "chroot", path)
  }

  /// Replaces this process with the file open as `descriptor` (execveat(2)).
  public static func exec(descriptor: Int32, arguments: [String], environment: [String])
    throws(SystemError)
  {
    let argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
    let envp = unsafe environment.map { unsafe strdup($0) } + [nil]
    let result = unsafe argv.withUnsafeBufferPointer { argv in
      unsafe envp.withUnsafeBufferPointer { envp in
        guard let argv = argv.baseAddress, let envp = envp.baseAddress else { return -EINVAL }
        return unsafe clinux_execveat(descriptor, "", argv, envp, Int32(CLINUX_AT_EMPTY_PATH))
      }
    }
    try check(result, "execveat", "\(descriptor)")
  }
}
