import CLinux
import Glibc

extension Program {
  /// Starts the program as a child from a process that may have many threads (posix_spawn(3)).
  ///
  /// Otherwise as `start`, but descriptors above the named ones are inherited unless they are
  /// close-on-exec, and the working directory is ours.
  public func spawn() throws(SystemError) -> ChildProcess {
    // Sources get numbers that no target has, close-on-exec, so that the order does not matter.
    let highest = max(descriptors.map(\.child).max() ?? 2, 2) + 1
    var parked: [Int32] = []
    defer { for fd in parked { Glibc.close(fd) } }
    for entry in descriptors {
      parked.append(try check(clinux_dup_cloexec(entry.ours, highest), "dup", "\(entry.ours)"))
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (entry, fd) in zip(descriptors, parked) {
      unsafe posix_spawn_file_actions_adddup2(&actions, fd, entry.child)
    }
    for fd in 3..<highest where !descriptors.contains(where: { $0.child == fd }) {
      unsafe posix_spawn_file_actions_addclose(&actions, fd)
    }
    // As `start` does: no signal is blocked or ignored (pasta refuses to start with SIGPIPE ignored).
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var pid: pid_t = 0
    let failure = unsafe withArguments { argv, envp in
      unsafe posix_spawn(&pid, path, &actions, &attributes, argv, envp)
    }
    if failure != 0 { throw SystemError("posix_spawn", path, errno: failure) }
    let pidfd = try check(clinux_pidfd_open(pid, 0), "pidfd_open", "\(pid)")
    return ChildProcess(pid: pid, pidfd: OwnedDescriptor(owning: pidfd))
  }
}
