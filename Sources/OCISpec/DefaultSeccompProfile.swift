/// The filter that containers get when nobody names another: what `docker` and `podman` allow by
/// default, less io_uring and the kernel's keyrings (both are most of the kernel's attack surface
/// that a plain container never uses).
///
/// A system call that is not named answers ENOSYS, so that a C library newer than this list falls
/// back; one that is refused on purpose answers EPERM.
public enum DefaultSeccompProfile {
  private static let notPermitted: UInt32 = 1
  private static let invalid: UInt32 = 22
  private static let notImplemented: UInt32 = 38

  /// The profile for a process with these capabilities in its bounding set (`CAP_SYS_ADMIN`).
  ///
  /// `capabilities` is names with their prefix.
  /// `machine` is as uname(2) gives it.
  public static func make(
    capabilities: Set<String>, machine: String = nativeMachine
  ) -> RuntimeSeccomp {
    var rules = [
      deny(words(refused)), allow(words(allowed)),
    ]
    // PER_LINUX and PER_LINUX32, each with UNAME26 or without, and the query.
    for persona: UInt64 in [0, 0x8, 0x20000, 0x20008, 0xFFFF_FFFF] {
      rules.append(allow(["personality"], [equal(0, persona)]))
    }
    rules += machineRules(machine)
    for (capability, names) in byCapability {
      rules.append(capabilities.contains(capability) ? allow(words(names)) : deny(words(names)))
    }
    rules += socketRules(mayAudit: capabilities.contains("CAP_AUDIT_WRITE"))
    return RuntimeSeccomp(
      defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: notImplemented,
      architectures: architectures(machine), syscalls: rules)
  }

  /// Netlink's audit protocol is EINVAL without CAP_AUDIT_WRITE, as where it is compiled out, so
  /// that login programs go on without it.
  private static func socketRules(mayAudit: Bool) -> [RuntimeSyscallRule] {
    if mayAudit { return [allow(["socket"])] }
    let netlink: UInt64 = 16
    let audit: UInt64 = 9
    return [
      RuntimeSyscallRule(
        ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: invalid,
        args: [equal(0, netlink), equal(2, audit)]),
      allow(["socket"], [RuntimeSyscallArgument(index: 2, value: audit, op: "SCMP_CMP_NE")]),
      allow(["socket"], [RuntimeSyscallArgument(index: 0, value: netlink, op: "SCMP_CMP_NE")]),
    ]
  }

  private static func machineRules(_ machine: String) -> [RuntimeSyscallRule] {
    switch machine {
    case "x86_64": [allow(["arch_prctl", "modify_ldt"])]
    case "i386", "i686": [allow(["modify_ldt"])]
    case "aarch64", "arm":
      [
        allow([
          "arm_fadvise64_64", "arm_sync_file_range", "breakpoint", "cacheflush", "set_tls",
          "sync_file_range2",
        ])
      ]
    case "ppc64le": [allow(["sync_file_range2"])]
    case "s390x":
      [allow(["s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr"])]
    default: []
    }
  }

  private static func architectures(_ machine: String) -> [String] {
    switch machine {
    case "x86_64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
    case "aarch64": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
    case "s390x": ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"]
    default: []
    }
  }

  #if arch(x86_64)
    public static let nativeMachine = "x86_64"
  #elseif arch(arm64)
    public static let nativeMachine = "aarch64"
  #else
    public static let nativeMachine = ""
  #endif

  private static func words(_ text: String) -> [String] {
    // By bytes: each start of a container makes the profile.
    text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
      .map { String(Substring($0)) }
  }

  private static func equal(_ index: UInt32, _ value: UInt64) -> RuntimeSyscallArgument {
    RuntimeSyscallArgument(index: index, value: value, op: "SCMP_CMP_EQ")
  }

  private static func allow(_ names: [String], _ args: [RuntimeSyscallArgument] = [])
    -> RuntimeSyscallRule
  {
    RuntimeSyscallRule(names, action: "SCMP_ACT_ALLOW", args: args)
  }

  private static func deny(_ names: [String]) -> RuntimeSyscallRule {
    RuntimeSyscallRule(names, action: "SCMP_ACT_ERRNO", errnoRet: notPermitted)
  }

  /// Allowed with the capability, EPERM without it.
  private static let byCapability: [(capability: String, names: String)] = [
    ("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
    (
      "CAP_SYS_ADMIN",
      "bpf fanotify_init lookup_dcookie perf_event_open quotactl setdomainname sethostname setns"
    ),
    ("CAP_SYS_CHROOT", "chroot"),
    ("CAP_SYS_MODULE", "delete_module finit_module init_module query_module"),
    ("CAP_SYS_PACCT", "acct"),
    ("CAP_SYS_PTRACE", "kcmp process_madvise"),
    ("CAP_SYS_RAWIO", "ioperm iopl"),
    ("CAP_SYS_TIME", "clock_settime clock_settime64 settimeofday stime"),
    ("CAP_SYS_TTY_CONFIG", "vhangup"),
  ]

  private static let refused = """
    add_key bdflush io_pgetevents kexec_file_load kexec_load keyctl migrate_pages move_pages
    nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname pciconfig_iobase
    pciconfig_read pciconfig_write request_key sgetmask ssetmask swapcontext swapoff swapon
    sysfs uselib userfaultfd ustat vm86 vm86old vmsplice
    """

  private static let allowed = """
    _llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset
    chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
    clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 clone clone3 close
    close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl
    epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve
    execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark
    fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr
    flistxattr flock fork fremovexattr fsconfig fsetxattr fsmount fsopen fspick fstat fstat64
    fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64
    futex_wait futex_waitv futex_wake futimesat get_mempolicy get_robust_list get_thread_area
    getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
    getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority
    getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname
    getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch
    inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_setup
    io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset
    landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr
    listxattrat llistxattr lremovexattr lseek lsetxattr lsm_get_self_attr lsm_list_modules lstat
    lstat64 madvise map_shadow_stack mbind membarrier memfd_create memfd_secret mincore mkdir
    mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mount mount_setattr move_mount
    mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
    mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock
    munlockall munmap name_to_handle_at nanosleep newfstatat open open_tree openat openat2 pause
    pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pivot_root pkey_alloc pkey_free
    pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64
    process_mrelease process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64
    pwritev pwritev2 read readahead readdir readlink readlinkat readv reboot recv recvfrom
    recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat
    renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
    rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
    rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
    sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
    semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_mempolicy
    set_mempolicy_home_node set_robust_list set_thread_area set_tid_address setfsgid setfsgid32
    setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setns setpgid
    setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid
    setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl
    shmdt shmget shutdown sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask
    sigreturn sigsuspend socketcall socketpair splice stat stat64 statfs statfs64 statmount
    statx symlink symlinkat sync sync_file_range syncfs syscall sysinfo syslog tee tgkill time
    timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
    timer_settime64 timerfd timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
    timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask umount umount2 uname
    unlink unlinkat unshare uretprobe utime utimensat utimensat_time64 utimes vfork wait4 waitid
    waitpid write writev
    """
}
