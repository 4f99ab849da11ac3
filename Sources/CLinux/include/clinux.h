/* The kernel calls that Swift cannot call or see: a thin, policy-free shim.
 *
 * Rules (contrib/design/0002-c-shim.md): <stdint.h> only; fixed-width types; every function
 * returns a result >= 0 or -errno; no allocation, no printing, no globals.
 * checks.c asserts every constant against the system headers. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>

/* ---- constants: namespaces and clone (clone(2)) ---- */
#define CLINUX_CLONE_NEWTIME   0x00000080ULL
#define CLINUX_CLONE_VM        0x00000100ULL
#define CLINUX_CLONE_PIDFD     0x00001000ULL
#define CLINUX_CLONE_PARENT    0x00008000ULL
#define CLINUX_CLONE_NEWNS     0x00020000ULL
#define CLINUX_CLONE_NEWCGROUP 0x02000000ULL
#define CLINUX_CLONE_NEWUTS    0x04000000ULL
#define CLINUX_CLONE_NEWIPC    0x08000000ULL
#define CLINUX_CLONE_NEWUSER   0x10000000ULL
#define CLINUX_CLONE_NEWPID    0x20000000ULL
#define CLINUX_CLONE_NEWNET    0x40000000ULL
#define CLINUX_CLONE_INTO_CGROUP 0x200000000ULL

/* ---- open flags that Glibc's overlay hides ---- */
#define CLINUX_O_PATH 010000000
#define CLINUX_O_TMPFILE 020200000

/* openat2(2) resolve flags */
#define CLINUX_RESOLVE_NO_XDEV 0x01
#define CLINUX_RESOLVE_NO_MAGICLINKS 0x02
#define CLINUX_RESOLVE_NO_SYMLINKS 0x04
#define CLINUX_RESOLVE_BENEATH 0x08
#define CLINUX_RESOLVE_IN_ROOT 0x10

/* mount(2) flags */
#define CLINUX_MS_RDONLY 1ULL
#define CLINUX_MS_NOSUID 2ULL
#define CLINUX_MS_NODEV 4ULL
#define CLINUX_MS_NOEXEC 8ULL
#define CLINUX_MS_SYNCHRONOUS 16ULL
#define CLINUX_MS_REMOUNT 32ULL
#define CLINUX_MS_MANDLOCK 64ULL
#define CLINUX_MS_DIRSYNC 128ULL
#define CLINUX_MS_NOSYMFOLLOW 256ULL
#define CLINUX_MS_NOATIME 1024ULL
#define CLINUX_MS_NODIRATIME 2048ULL
#define CLINUX_MS_BIND 4096ULL
#define CLINUX_MS_MOVE 8192ULL
#define CLINUX_MS_REC 16384ULL
#define CLINUX_MS_SILENT 32768ULL
#define CLINUX_MS_UNBINDABLE (1ULL << 17)
#define CLINUX_MS_PRIVATE (1ULL << 18)
#define CLINUX_MS_SLAVE (1ULL << 19)
#define CLINUX_MS_SHARED (1ULL << 20)
#define CLINUX_MS_RELATIME (1ULL << 21)
#define CLINUX_MS_STRICTATIME (1ULL << 24)
#define CLINUX_MS_LAZYTIME (1ULL << 25)
#define CLINUX_MNT_DETACH 2

/* the mount API of Linux 5.2 and later */
#define CLINUX_OPEN_TREE_CLONE 1U
#define CLINUX_OPEN_TREE_CLOEXEC 02000000U
#define CLINUX_AT_RECURSIVE 0x8000U
#define CLINUX_AT_EMPTY_PATH 0x1000U
#define CLINUX_AT_SYMLINK_NOFOLLOW 0x100U
#define CLINUX_MOVE_MOUNT_F_EMPTY_PATH 0x4U
#define CLINUX_MOVE_MOUNT_T_EMPTY_PATH 0x40U
#define CLINUX_FSOPEN_CLOEXEC 1U
#define CLINUX_FSMOUNT_CLOEXEC 1U
#define CLINUX_FSCONFIG_SET_FLAG 0U
#define CLINUX_FSCONFIG_SET_STRING 1U
#define CLINUX_FSCONFIG_SET_FD 5U
#define CLINUX_FSCONFIG_CMD_CREATE 6U
#define CLINUX_MOUNT_ATTR_RDONLY 0x1ULL
#define CLINUX_MOUNT_ATTR_NOSUID 0x2ULL
#define CLINUX_MOUNT_ATTR_NODEV 0x4ULL
#define CLINUX_MOUNT_ATTR_NOEXEC 0x8ULL
#define CLINUX_MOUNT_ATTR__ATIME 0x70ULL
#define CLINUX_MOUNT_ATTR_NOATIME 0x10ULL
#define CLINUX_MOUNT_ATTR_STRICTATIME 0x20ULL
#define CLINUX_MOUNT_ATTR_NODIRATIME 0x80ULL
#define CLINUX_MOUNT_ATTR_IDMAP 0x100000ULL
#define CLINUX_MOUNT_ATTR_NOSYMFOLLOW 0x200000ULL

/* ---- processes (process.c) ---- */

/* Runs body(context) in a new process (clone3(2), fork-like memory) and ends it with _exit(result).
 * cgroup_fd: -1, or a cgroup v2 directory (adds CLONE_INTO_CGROUP). *pidfd receives a
 * close-on-exec pidfd. Never returns in the child. 0 flags = a plain fork. */
int32_t clinux_spawn(uint64_t flags, int32_t cgroup_fd, int32_t (*body)(void *), void *context,
                     int32_t *pidfd);
/* The same in our memory in the place of a copy (CLONE_VM), on a stack of its own: we wait until the
 * process executes a program or ends (CLONE_VFORK). What it has changed in memory is ours then, and what
 * it had allocated is still there. Signals wait meanwhile, also for the child, until it executes a program
 * by clinux_become. One that is killed before may leave memory half changed and locks taken, with
 * which nobody can go on: we end with status 125 and `last_words` on standard error. */
int32_t clinux_spawn_borrowing(int32_t (*body)(void *), void *context, const char *last_words,
                               int32_t *pidfd);
/* A program to be executed, with all its memory made before. */
struct clinux_program {
  const char *path;
  /* Without an envp a child that stands in for the program keeps our environment. */
  char *const *argv, *const *envp;
  /* Executed instead of path where that works, or -1. */
  int32_t image;
  /* Where it runs, or NULL. */
  const char *directory;
  /* targets[i] becomes a copy of sources[i]; parked has as many elements and is written over. */
  const int32_t *targets, *sources;
  int32_t *parked;
  int32_t count;
};
/* Replaces this process. The program has default signals, descriptors 0-2 and the targets; all
 * others close. Returns only -errno, and allocates nothing. */
int32_t clinux_become(const struct clinux_program *program);
/* clinux_become in a child that borrows our memory until it executes (clone(2), CLONE_VM and
 * CLONE_VFORK): nothing is copied. Returns the pid; after a failure of the child's there is none.
 * *pidfd: close-on-exec. */
int32_t clinux_start(const struct clinux_program *program, int32_t *pidfd);
/* A child with the program's descriptors, directory, environment and signals that runs
 * body(context), in a copy of our memory, in the program's place, and ends with its result (127: it
 * could not be prepared). Returns the pid. *pidfd: close-on-exec. */
int32_t clinux_stand_in(const struct clinux_program *program, int32_t (*body)(void *),
                        void *context, int32_t *pidfd);
/* Where clinux_enter goes; all but the namespaces (CLONE_NEW*) are descriptors that the program names. */
struct clinux_place {
  uint64_t namespaces;
  /* The pidfd of a process that is in the namespaces. */
  int32_t target;
  /* A cgroup v2 directory to be born in, or -1: ours. */
  int32_t cgroup;
  /* A directory to have as root, or -1: the mount namespace's. */
  int32_t root;
};
/* clinux_stand_in for a child that is born in a place. Directory, environment and signal actions are
 * ours; all signals are blocked. One more process is between us for a moment, which borrows our memory and
 * goes everywhere but into the pid namespace itself; it and the child are not dumpable (ptrace(2)).
 * Returns the child's pid; *refused is 1 where the namespaces could not be joined. */
int32_t clinux_enter(const struct clinux_program *program, const struct clinux_place *place,
                     int32_t (*body)(void *), void *context, int32_t *refused);
/* Up to 8 programs that a thread starts and waits for, while we run on. A thread, since it needs an
 * errno of its own; it allocates nothing, so that fork-like calls beside it are safe. With `own` the last
 * one is ours to start and to wait for. */
struct clinux_group {
  const struct clinux_program *programs;
  int32_t count;
  int32_t own;
  int32_t pids[8];
  /* Bit n is set where the nth could not be started or ended with another status than 0. */
  int32_t failed;
  int32_t maker;
  uint64_t thread;
};
int32_t clinux_group_start(struct clinux_group *group);
/* Once; returns `failed`. */
int32_t clinux_group_wait(struct clinux_group *group);
/* A child that only holds new namespaces, until the other end of the socket `gate` is closed: those
 * of `flags` (CLONE_NEW*) it has when this returns, those of `own` it then makes by itself, with the
 * loopback device up if wanted, and says so by an int32_t on `gate`, 0 or a negative errno. It shares
 * our memory, so that nothing is copied, and runs on `stack` (16-byte aligned), which must outlive
 * it. Returns the pid; *pidfd: close-on-exec. */
int32_t clinux_hold(uint64_t flags, uint64_t own, int32_t loopback, int32_t gate, void *stack,
                    uint64_t size, int32_t *pidfd);
int32_t clinux_unshare(uint64_t flags);
int32_t clinux_setns(int32_t fd, uint64_t types);
int32_t clinux_pidfd_open(int32_t pid, uint32_t flags);
int32_t clinux_pidfd_send_signal(int32_t pidfd, int32_t signal);
/* waitid(P_PIDFD or P_PID): *code is CLD_EXITED=1, CLD_KILLED=2, CLD_DUMPED=3; *status the exit
 * status or signal; returns the pid, or 0 when nohang and nothing has ended.
 * pid -1 waits for any child. */
int32_t clinux_wait_pidfd(int32_t pidfd, int32_t nohang, int32_t *code, int32_t *status);
int32_t clinux_wait_pid(int32_t pid, int32_t nohang, int32_t *code, int32_t *status);
int32_t clinux_execve(const char *path, char *const *argv, char *const *envp);
int32_t clinux_execveat(int32_t fd, const char *path, char *const *argv, char *const *envp,
                        int32_t flags);
int64_t clinux_prctl(int32_t option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/* mallopt(3), M_MMAP_THRESHOLD; nothing where the C library has no such limit. */
void clinux_give_back_from(int32_t bytes);
/* This thread keeps its capabilities when its file system ids change (PR_SET_SECUREBITS). */
int32_t clinux_keep_capabilities(void);
/* The raw calls, on this thread only; each returns the id before. */
int32_t clinux_setfsuid(uint32_t uid);
int32_t clinux_setfsgid(uint32_t gid);
/* The raw calls, on this thread only; callers are single-threaded (setresuid(2)). */
int32_t clinux_setresuid(uint32_t r, uint32_t e, uint32_t s);
int32_t clinux_setresgid(uint32_t r, uint32_t e, uint32_t s);
int32_t clinux_setgroups(uint64_t count, const uint32_t *groups);
/* capget/capset(2), version 3: bit n of each word is capability n. */
int32_t clinux_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
int32_t clinux_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int32_t clinux_prlimit(int32_t pid, uint32_t resource, uint64_t soft, uint64_t hard);
int32_t clinux_getrlimit(uint32_t resource, uint64_t *soft, uint64_t *hard);
int32_t clinux_close_range(uint32_t first, uint32_t last, uint32_t flags);
#define CLINUX_CLOSE_RANGE_CLOEXEC 4U
int32_t clinux_sethostname(const char *name, uint64_t length);
int32_t clinux_setdomainname(const char *name, uint64_t length);
int64_t clinux_personality(uint64_t persona);
int32_t clinux_seccomp(uint32_t operation, uint32_t flags, void *argument);
int32_t clinux_sched_setattr(int32_t pid, uint32_t policy, uint64_t flags, int32_t nice,
                             uint32_t priority, uint64_t runtime, uint64_t deadline,
                             uint64_t period);
int32_t clinux_set_mempolicy(int32_t mode, const uint8_t *nodes, uint64_t size);
/* Moves us to another processor, if we may run on one, where the process that we have just made was put on
 * ours: some kernels have it wait there for as long as we run on, while others are idle. What we may run
 * on is the same afterwards (sched_setaffinity(2)). */
void clinux_step_aside(int32_t pid);
int32_t clinux_sched_setaffinity(int32_t pid, uint64_t size, const uint8_t *mask);
int32_t clinux_ioprio_set(int32_t which, int32_t who, int32_t value);
int32_t clinux_keyctl_join_session(const char *name);
int64_t clinux_getrandom(void *buffer, uint64_t size);
int32_t clinux_bpf(int32_t command, void *attributes, uint32_t size);
int32_t clinux_raise_default(int32_t signal);
/* Gives the kernel back what an idle process does not need: free heap, the stack below the
 * caller, and the mapping of code pages (they stay in the page cache). */
int32_t clinux_release_memory(void);
int32_t clinux_reset_signals(void);

/* ---- mounts (mount.c) ---- */
int32_t clinux_mount(const char *source, const char *target, const char *type, uint64_t flags,
                     const char *data);
int32_t clinux_umount(const char *target, int32_t flags);
int32_t clinux_pivot_root(const char *new_root, const char *put_old);
int32_t clinux_fsopen(const char *type, uint32_t flags);
int32_t clinux_fsconfig(int32_t fd, uint32_t command, const char *key, const void *value,
                        int32_t aux);
int32_t clinux_fsmount(int32_t fd, uint32_t flags, uint32_t attributes);
int32_t clinux_move_mount(int32_t from_fd, const char *from, int32_t to_fd, const char *to,
                          uint32_t flags);
int32_t clinux_open_tree(int32_t fd, const char *path, uint32_t flags);
int32_t clinux_mount_setattr(int32_t fd, const char *path, uint32_t flags, uint64_t set,
                             uint64_t clear, uint64_t propagation, int32_t userns_fd);
/* fstatfs(2): the magic number of the filesystem, e.g. PROC_SUPER_MAGIC 0x9fa0. */
int64_t clinux_filesystem_magic(int32_t fd);
/* fstatfs(2): free bytes for unprivileged users; *flags are ST_* mount flags. */
int64_t clinux_filesystem_free(int32_t fd, uint64_t *flags);

/* ---- descriptors and files (fd.c) ---- */
int32_t clinux_openat(int32_t dirfd, const char *path, int32_t flags, uint32_t mode);
int32_t clinux_openat2(int32_t dirfd, const char *path, uint64_t flags, uint64_t mode,
                       uint64_t resolve);
int32_t clinux_pipe2(int32_t flags, int32_t *read_end, int32_t *write_end);
int32_t clinux_dup3(int32_t from, int32_t to, int32_t flags);
int32_t clinux_dup_cloexec(int32_t fd, int32_t minimum);
int32_t clinux_get_fd_flags(int32_t fd);
int32_t clinux_set_fd_flags(int32_t fd, int32_t flags);
int32_t clinux_get_status_flags(int32_t fd);
int32_t clinux_set_status_flags(int32_t fd, int32_t flags);
/* Open file description locks (fcntl(2)). kind: 0 shared, 1 exclusive; 0 or -EAGAIN/-EINTR. */
int32_t clinux_lock(int32_t fd, int32_t exclusive, int32_t wait);
int32_t clinux_unlock(int32_t fd);
/* 0 = nobody holds a lock that would conflict with an exclusive one, 1 = somebody does. */
int32_t clinux_lock_test(int32_t fd);
int32_t clinux_memfd(const char *name, uint32_t flags);
int32_t clinux_add_seals(int32_t fd, int32_t seals);
int32_t clinux_eventfd(uint32_t initial, int32_t flags);
int32_t clinux_ficlone(int32_t target, int32_t source);
/* FS_TOPDIR_FL of FS_IOC_SETFLAGS (ioctl_iflags(2)). */
int32_t clinux_spread_directories(int32_t directory);
int64_t clinux_copy_file_range(int32_t in, int64_t *in_offset, int32_t out, int64_t *out_offset,
                               uint64_t length);
int64_t clinux_sendfile(int32_t out, int32_t in, uint64_t length);
int32_t clinux_renameat2(int32_t from_fd, const char *from, int32_t to_fd, const char *to,
                         uint32_t flags);
#define CLINUX_RENAME_NOREPLACE 1U
#define CLINUX_RENAME_EXCHANGE 2U
int32_t clinux_mknodat(int32_t dirfd, const char *path, uint32_t mode, uint32_t major,
                       uint32_t minor);
int32_t clinux_start_writing(int32_t fd);
int32_t clinux_syncfs(int32_t fd);
/* fstatat(2) in fixed-width fields; flags AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
struct clinux_stat {
  uint64_t device, inode, size, blocks;
  uint32_t mode, links, uid, gid, rdev_major, rdev_minor;
  int64_t modified_seconds, changed_seconds, accessed_seconds;
  uint32_t modified_nanoseconds, changed_nanoseconds, accessed_nanoseconds;
};
int32_t clinux_stat(int32_t dirfd, const char *path, int32_t flags, struct clinux_stat *result);
/* statx(2): the id that mountinfo shows of the mount, and the one that is never used again (0 before
   Linux 6.8). */
int32_t clinux_mount_id(int32_t fd, uint64_t *id, uint64_t *unique);
/* getdents64(2): fills buffer with struct linux_dirent64 records, returns bytes, 0 at the end. */
int64_t clinux_getdents(int32_t fd, void *buffer, uint64_t size);
/* The l*xattr(2) family: never follows a final symbolic link. */
int64_t clinux_lgetxattr(const char *path, const char *name, void *value, uint64_t size);
int32_t clinux_lsetxattr(const char *path, const char *name, const void *value, uint64_t size);
int64_t clinux_llistxattr(const char *path, char *list, uint64_t size);
/* The names of a file's attributes, relative to a directory (listxattrat(2), Linux 6.13). */
int64_t clinux_listxattrat(int32_t directory, const char *name, char *list, uint64_t size);
int32_t clinux_lremovexattr(const char *path, const char *name);
int32_t clinux_fsetxattr(int32_t fd, const char *name, const void *value, uint64_t size);

/* ---- sockets (socket.c) ---- */
int32_t clinux_socketpair(int32_t type, int32_t *a, int32_t *b);
#define CLINUX_SOCK_STREAM 1
#define CLINUX_SOCK_DGRAM 2
#define CLINUX_SOCK_SEQPACKET 5
/* AF_UNIX by path; a path over 107 bytes is -ENAMETOOLONG. close-on-exec; the listener's name
 * has mode 0600. */
int32_t clinux_unix_listen(const char *path, int32_t type, int32_t backlog);
int32_t clinux_unix_connect(const char *path, int32_t type);
int32_t clinux_accept(int32_t fd);
/* A socket of `type` bound to an address and port (0: any); [::] takes IPv4 as well. */
int32_t clinux_ip_bind(const char *address, uint16_t port, int32_t type, int32_t *bound_port);
/* The text of the local address that packets to `destination` would have; sends nothing. */
int32_t clinux_ip_source(const char *destination, char *text, uint32_t size);
int64_t clinux_sendmsg(int32_t fd, const void *data, uint64_t size, const int32_t *fds,
                       uint32_t fd_count, int32_t flags);
/* fd_count in: room, out: received. Received descriptors are close-on-exec. */
int64_t clinux_recvmsg(int32_t fd, void *data, uint64_t size, int32_t *fds, uint32_t *fd_count,
                       int32_t flags);
#define CLINUX_MSG_NOSIGNAL 0x4000
#define CLINUX_MSG_DONTWAIT 0x40
int32_t clinux_peer_uid(int32_t fd, uint32_t *uid, int32_t *pid);
int32_t clinux_shutdown(int32_t fd, int32_t how);
/* Sets IFF_UP on "lo" in the caller's network namespace (netdevice(7)). */
int32_t clinux_loopback_up(void);

/* ---- network interfaces (netlink.c; rtnetlink(7)) ---- */
int32_t clinux_link_index(const char *name);
/* Takes the interface down and into a network namespace under a name, which must be free there. */
int32_t clinux_link_move(int32_t index, int32_t namespace_fd, const char *name);
int32_t clinux_link_up(int32_t index);
/* An address of an interface: `size` bytes (4 or 16) of each, in network order. */
struct clinux_address {
  uint8_t family, prefix, size, has_local, has_broadcast;
  uint8_t address[16], local[16], broadcast[16];
};
/* The addresses of global scope that do not expire; returns how many, `room` at most. */
int32_t clinux_link_addresses(int32_t index, struct clinux_address *out, int32_t room);
int32_t clinux_address_add(int32_t index, const struct clinux_address *address);

/* ---- terminals (tty.c) ---- */
int32_t clinux_open_ptmx(const char *path);
/* TIOCGPTPEER: the terminal's other side, without a path (ioctl_tty(2)). */
int32_t clinux_open_pty_peer(int32_t master, int32_t flags);
int32_t clinux_pty_number(int32_t master);
int32_t clinux_get_window_size(int32_t fd, uint16_t *rows, uint16_t *columns);
int32_t clinux_set_window_size(int32_t fd, uint16_t rows, uint16_t columns);
int32_t clinux_set_controlling_terminal(int32_t fd);
int32_t clinux_is_terminal(int32_t fd);
/* saved: 64 bytes, filled with the settings before. */
#define CLINUX_TERMIOS_SIZE 64
int32_t clinux_make_raw(int32_t fd, uint8_t *saved);
/* Only output is passed through unchanged: keys keep their meaning. */
int32_t clinux_make_output_raw(int32_t fd, uint8_t *saved);
/* The terminal puts no carriage return before a newline any more. */
int32_t clinux_keep_newlines(int32_t fd);
int32_t clinux_restore_terminal(int32_t fd, const uint8_t *saved);

/* ---- events (events.c) ---- */
int32_t clinux_epoll_create(void);
/* operation: 1 add, 2 delete, 3 modify */
int32_t clinux_epoll_control(int32_t epoll, int32_t operation, int32_t fd, uint32_t events,
                             uint64_t data);
struct clinux_event { uint32_t events; uint32_t reserved; uint64_t data; };
int32_t clinux_epoll_wait(int32_t epoll, struct clinux_event *events, int32_t count,
                          int32_t timeout_ms);
#define CLINUX_EPOLLIN 0x001U
#define CLINUX_EPOLLPRI 0x002U
#define CLINUX_EPOLLOUT 0x004U
#define CLINUX_EPOLLERR 0x008U
#define CLINUX_EPOLLHUP 0x010U
#define CLINUX_EPOLLRDHUP 0x2000U
/* mask: bit n-1 is signal n. Blocks the signals and returns a descriptor. */
int32_t clinux_signalfd(uint64_t mask);
int32_t clinux_set_signal_mask(uint64_t mask);
/* Ignores (1) or defaults (0) a signal: signal(2). */
int32_t clinux_ignore_signal(int32_t signal, int32_t ignore);
/* The next signal of a signalfd: its number, *pid the sender; -EAGAIN when none. */
int32_t clinux_read_signal(int32_t fd, int32_t *pid);
int32_t clinux_timerfd(void);
int32_t clinux_timer_set(int32_t fd, int64_t first_ns, int64_t interval_ns);
int32_t clinux_inotify(void);
int32_t clinux_inotify_add(int32_t fd, const char *path, uint32_t mask);
int32_t clinux_poll(int32_t fd, int16_t events, int32_t timeout_ms);

#endif
