/// The default system call filter, with the meaning of docker's and podman's.
///
/// What ordinary programs need is allowed, what needs a capability is allowed with it, what is known
/// to be dangerous is refused with EPERM, and whatever is newer than the table does not exist
/// (ENOSYS), so that programs fall back.
extension RuntimeSeccomp {
  /// - Parameter capabilities: the container's bounding set, such as `CAP_SYS_ADMIN`.
  public static func defaultProfile(capabilities: Set<String>) -> RuntimeSeccomp {
    var profile = RuntimeSeccomp()
    profile.defaultAction = "SCMP_ACT_ERRNO"
    profile.defaultErrnoRet = DefaultSystemCalls.notImplemented
    profile.architectures = DefaultSystemCalls.architectures
    profile.syscalls = [
      rule(DefaultSystemCalls.refused, errno: DefaultSystemCalls.notPermitted),
      rule(DefaultSystemCalls.allowed),
    ]
    // personality(2): the default, Linux's own variants, and asking.
    for value: UInt64 in [0x0, 0x8, 0x20000, 0x20008, 0xFFFF_FFFF] {
      profile.syscalls.append(
        rule(["personality"], [RuntimeSyscallArgument(index: 0, value: value, op: "SCMP_CMP_EQ")]))
    }
    for (capability, names) in DefaultSystemCalls.byCapability {
      profile.syscalls.append(
        capabilities.contains(capability)
          ? rule(names) : rule(names, errno: DefaultSystemCalls.notPermitted))
    }
    profile.syscalls += socketRules(mayAudit: capabilities.contains("CAP_AUDIT_WRITE"))
    return profile
  }

  /// Audit sockets (AF_NETLINK 16, NETLINK_AUDIT 9) need CAP_AUDIT_WRITE: programs that would log
  /// there take EINVAL as "no auditing here".
  private static func socketRules(mayAudit: Bool) -> [RuntimeSyscallRule] {
    if mayAudit { return [rule(["socket"])] }
    let netlink = RuntimeSyscallArgument(index: 0, value: 16, op: "SCMP_CMP_EQ")
    let audit = RuntimeSyscallArgument(index: 2, value: 9, op: "SCMP_CMP_EQ")
    return [
      rule(["socket"], [netlink, audit], errno: DefaultSystemCalls.invalid),
      rule(["socket"], [RuntimeSyscallArgument(index: 0, value: 16, op: "SCMP_CMP_NE")]),
      rule(["socket"], [RuntimeSyscallArgument(index: 2, value: 9, op: "SCMP_CMP_NE")]),
    ]
  }

  private static func rule(
    _ names: [String], _ arguments: [RuntimeSyscallArgument] = [], errno: UInt32? = nil
  ) -> RuntimeSyscallRule {
    var rule = RuntimeSyscallRule()
    rule.names = names
    rule.action = errno == nil ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO"
    rule.errnoRet = errno
    rule.args = arguments
    return rule
  }
}

/// The names behind `defaultProfile` (syscalls(2)).
private enum DefaultSystemCalls {
  static let notPermitted: UInt32 = 1
  static let invalid: UInt32 = 22
  static let notImplemented: UInt32 = 38

  #if arch(arm64)
    static let architectures = ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
  #else
    static let architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
  #endif

  static let byCapability: [(String, [String])] = [
    ("CAP_DAC_READ_SEARCH", words("open_by_handle_at")),
    (
      "CAP_SYS_ADMIN",
      words(
        "bpf fanotify_init lookup_dcookie perf_event_open quotactl setdomainname sethostname setns")
    ),
    ("CAP_SYS_CHROOT", words("chroot")),
    ("CAP_SYS_MODULE", words("delete_module finit_module init_module query_module")),
    ("CAP_SYS_PACCT", words("acct")),
    ("CAP_SYS_PTRACE", words("kcmp process_madvise")),
    ("CAP_SYS_RAWIO", words("ioperm iopl")),
    ("CAP_SYS_TIME", words("clock_settime clock_settime64 settimeofday stime")),
    ("CAP_SYS_TTY_CONFIG", words("vhangup")),
  ]

  static let refused = words(
    """
    add_key bdflush io_pgetevents io_uring_enter io_uring_register io_uring_setup
    kexec_file_load kexec_load keyctl migrate_pages move_pages nfsservctl nice oldfstat
    oldlstat oldolduname oldstat olduname pciconfig_iobase pciconfig_read pciconfig_write
    request_key sgetmask ssetmask swapcontext swapoff swapon sysfs uselib userfaultfd ustat
    vm86 vm86old vmsplice
    """)

  static let allowed = words(
    """
    _llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset
    chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
    clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 clone clone3 close
    close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1
    epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
    eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64
    fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl
    fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsconfig fsetxattr
    fsmount fsopen fspick fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate
    ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat
    get_mempolicy get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid
    getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername
    getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid
    getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid
    getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1
    inotify_rm_watch io_cancel io_destroy io_getevents io_setup io_submit ioctl ioprio_get
    ioprio_set ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self
    lchown lchown32 lgetxattr link linkat listen listxattr listxattrat llistxattr
    lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack mbind membarrier
    memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap
    mmap2 mount mount_setattr move_mount mprotect mq_getsetattr mq_notify mq_open
    mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap
    mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at
    nanosleep newfstatat open open_tree open_tree_attr openat openat2 pause pidfd_getfd
    pidfd_open pidfd_send_signal pipe pipe2 pivot_root pkey_alloc pkey_free pkey_mprotect
    poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
    process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev
    pwritev2 read readahead readdir readlink readlinkat readv reboot recv recvfrom recvmmsg
    recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat
    renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
    rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
    rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
    sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
    semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_mempolicy
    set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32
    setgid setgid32 setgroups setgroups32 setitimer setns setpgid setpriority setregid
    setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit
    setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown
    sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn
    sigsuspend socketcall socketpair splice stat stat64 statfs statfs64 statx symlink
    symlinkat sync sync_file_range syncfs syscall sysinfo syslog tee tgkill time
    timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
    timer_settime64 timerfd timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
    timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask umount umount2 uname
    unlink unlinkat unshare utime utimensat utimensat_time64 utimes vfork wait4 waitid
    waitpid write writev
    """ + "\n" + ofArchitecture)

  #if arch(arm64)
    private static let ofArchitecture =
      "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2"
  #else
    private static let ofArchitecture = "arch_prctl modify_ldt"
  #endif

  private static func words(_ text: String) -> [String] {
    text.split { $0 == " " || $0 == "\n" }.map(String.init)
  }
}
