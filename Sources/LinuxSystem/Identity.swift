import CLinux
import Glibc

/// Who and where this process is.
public enum CurrentProcess {
  public static var id: Int32 { getpid() }
  public static var parentID: Int32 { getppid() }
  public static var effectiveUser: UInt32 { geteuid() }
  public static var effectiveGroup: UInt32 { getegid() }

  /// The program's name, as it was called, and its arguments.
  ///
  /// `CommandLine.arguments` does the same with generic code that costs 0.1 ms at start.
  public static var arguments: [String] {
    var all: [String] = []
    let start = unsafe CommandLine.unsafeArgv
    for index in 0..<Int(CommandLine.argc) {
      guard let argument = unsafe start[index] else { break }
      unsafe all.append(String(cString: argument))
    }
    return all
  }

  /// An environment variable; nil when unset.
  public static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// The directories of `PATH`; none when it is unset.
  public static var searchPath: [String] {
    (environment("PATH") ?? "").split(separator: ":").map(String.init)
  }

  /// The whole environment as `NAME=value`.
  public static var environment: [String] {
    var all: [String] = []
    var at = unsafe environ
    while let entry = unsafe at.pointee {
      unsafe all.append(String(cString: entry))
      unsafe at = at.advanced(by: 1)
    }
    return all
  }

  public static func workingDirectory() throws(SystemError) -> String {
    guard let path = unsafe getcwd(nil, 0) else { throw SystemError("getcwd", "", errno: errno) }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  public static func changeDirectory(_ path: String) throws(SystemError) {
    try checkErrno(unsafe chdir(path), "chdir", path)
  }

  /// The file this program was started from.
  public static func executablePath() throws(SystemError) -> String {
    try FileTree.readLink("/proc/self/exe")
  }

  /// Ends the process at once, with no buffers flushed (_exit(2)).
  public static func exitNow(_ status: Int32) -> Never { _exit(status) }

  /// Ends the process with the default action of `signal`, as if it had not been caught.
  public static func die(bySignal signal: Int32) -> Never {
    _ = clinux_raise_default(signal)
    _exit(128 &+ signal)
  }

  /// Sets the file mode creation mask, returning the one before (umask(2)).
  @discardableResult
  public static func setUmask(_ mask: UInt32) -> UInt32 { umask(mask) }

  /// Starts a new session (setsid(2)).
  public static func startSession() throws(SystemError) { try checkErrno(setsid(), "setsid") }

  /// Gives orphaned descendants to this process (prctl(2), PR_SET_CHILD_SUBREAPER).
  public static func becomeSubreaper() throws(SystemError) {
    try check(clinux_prctl(36, 1, 0, 0, 0), "prctl PR_SET_CHILD_SUBREAPER")
  }

  /// Has the kernel send `signal` when the parent dies (prctl(2), PR_SET_PDEATHSIG).
  public static func dieWithParent(signal: Int32 = 9) throws(SystemError) {
    try check(clinux_prctl(1, UInt64(signal), 0, 0, 0), "prctl PR_SET_PDEATHSIG")
  }

  /// May this process be traced and its /proc files opened by others of its user
  /// (prctl(2), PR_SET_DUMPABLE).
  public static func setDumpable(_ on: Bool) throws(SystemError) {
    try check(clinux_prctl(4, on ? 1 : 0, 0, 0, 0), "prctl PR_SET_DUMPABLE")
  }

  /// Whether a process of ours without capabilities may read our memory (PR_GET_DUMPABLE(2const)).
  public static func isDumpable() throws(SystemError) -> Bool {
    try check(clinux_prctl(3, 0, 0, 0, 0), "prctl PR_GET_DUMPABLE") == 1
  }

  /// Gives back what an idle process does not need: free heap, unused stack, mapped code.
  public static func releaseMemory() { _ = clinux_release_memory() }

  /// Random bytes from the kernel (getrandom(2)).
  public static func randomBytes(_ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try check(
      unsafe bytes.withUnsafeMutableBytes {
        unsafe clinux_getrandom($0.baseAddress, UInt64(count))
      }, "getrandom")
    return bytes
  }
}

/// Clocks (clock_gettime(2)).
public enum Clock {
  /// Nanoseconds since 1970-01-01 UTC.
  public static func realtime() -> Int64 { read(CLOCK_REALTIME) }

  /// Nanoseconds since some point at boot; never goes back.
  public static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

  /// Lets time pass (poll(2) on nothing): for waiting on what tells nobody when it is ready.
  public static func pause(milliseconds: Int32) throws(SystemError) {
    try check(clinux_poll(-1, 0, milliseconds), "poll")
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Seconds east of UTC of the local time zone at the given moment (localtime_r(3)).
  public static func localOffset(atSecond second: Int64) -> Int {
    var time = time_t(second)
    var fields = unsafe tm()
    guard unsafe localtime_r(&time, &fields) != nil else { return 0 }
    return unsafe fields.tm_gmtoff
  }
}

extension CurrentProcess {
  /// Takes uid and gid 0 and no further groups.
  ///
  /// The first step in a new user namespace. Groups that cannot be dropped (setgroups denied,
  /// user_namespaces(7)) stay.
  public static func becomeRoot(keepingGroups: Bool = false) throws(SystemError) {
    if !keepingGroups { _ = clinux_setgroups(0, nil) }
    try check(clinux_setresgid(0, 0, 0), "setresgid", "0")
    try check(clinux_setresuid(0, 0, 0), "setresuid", "0")
  }
}
