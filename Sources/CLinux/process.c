#define _GNU_SOURCE
#include "clinux.h"
#include "processors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESULT(call) ({ long r_ = (call); r_ < 0 ? -errno : r_; })

int32_t clinux_spawn(uint64_t flags, int32_t cgroup_fd, int32_t (*body)(void *), void *context,
                     int32_t *pidfd) {
  int fd = -1;
  struct clone_args args;
  memset(&args, 0, sizeof args);
  args.flags = flags | CLONE_PIDFD;
  args.pidfd = (uint64_t)(uintptr_t)&fd;
  /* With CLONE_PARENT the new process takes its maker's signal (clone3(2)). */
  args.exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD;
  if (cgroup_fd >= 0) {
    args.flags |= CLINUX_CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup_fd;
  }
  long pid = syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) return -errno;
  if (pid == 0) _exit(body(context));
  *pidfd = fd;
  return (int32_t)pid;
}

/* Whether whoever has this memory executes a program at this moment, from when on it changes nothing. */
static volatile int32_t executing;

struct borrowing {
  int32_t (*body)(void *);
  void *context;
  /* The child writes it, of which a compiler knows nothing. */
  volatile int32_t returned;
};

static int borrow(void *context) {
  struct borrowing *borrowing = context;
  int32_t status = borrowing->body(borrowing->context);
  borrowing->returned = 1;
  _exit(status);
}

/* As a main thread's usually is; only what is used of it takes memory. */
#define BORROWING_STACK ((size_t)8 << 20)

int32_t clinux_spawn_borrowing(int32_t (*body)(void *), void *context, const char *last_words,
                               int32_t *pidfd) {
  struct borrowing borrowing = {body, context, 0};
  int fd = -1;
  uint64_t all = ~0ULL, mask = 0;
  int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  char *stack = mmap(0, BORROWING_STACK, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  /* What runs past its end shall fail there. */
  mprotect(stack, 4096, PROT_NONE);
  executing = 0;
  /* A signal waits for the program: a stopped child would be waited for without an end. */
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
  int pid = clone(borrow, stack + BORROWING_STACK,
                  CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &borrowing, &fd);
  int failure = pid < 0 ? -errno : 0;
  /* What came for us meanwhile ends us here: we have no handlers. */
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  if (pid > 0 && !borrowing.returned && !executing) {
    ssize_t length = write(STDERR_FILENO, last_words, strlen(last_words));
    (void)length;
    _exit(125);
  }
  munmap(stack, BORROWING_STACK);
  /* New identities of the child made our memory what fs.suid_dumpable says. */
  if (dumpable == 1) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  if (failure) return failure;
  *pidfd = fd;
  return pid;
}

/* Above all targets, and 3. */
static int highest_target(const struct clinux_program *program) {
  int highest = 3;
  for (int32_t n = 0; n < program->count; n++)
    if (program->targets[n] >= highest) highest = program->targets[n] + 1;
  return highest;
}

/* 0, or -errno. Sources are first copied out of the way: a target may be another's source. */
static int32_t place_descriptors(const struct clinux_program *program, int32_t *image) {
  int highest = highest_target(program);
  if (*image >= 0 && (*image = fcntl(*image, F_DUPFD_CLOEXEC, highest)) < 0) return -errno;
  for (int32_t n = 0; n < program->count; n++)
    if ((program->parked[n] = fcntl(program->sources[n], F_DUPFD_CLOEXEC, highest)) < 0)
      return -errno;
  for (int fd = 3; fd < highest; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  for (int32_t n = 0; n < program->count; n++)
    if (dup3(program->parked[n], program->targets[n], 0) < 0) return -errno;
  syscall(SYS_close_range, highest, ~0U, CLINUX_CLOSE_RANGE_CLOEXEC);
  return 0;
}

int32_t clinux_become(const struct clinux_program *program) {
  int32_t image = program->image;
  clinux_reset_signals();
  int32_t failure = place_descriptors(program, &image);
  if (failure < 0) return failure;
  if (program->directory && chdir(program->directory) < 0) return -errno;
  executing = 1;
  /* Falls through where a mount forbids execution. */
  if (image >= 0)
    syscall(SYS_execveat, image, "", program->argv, program->envp, CLINUX_AT_EMPTY_PATH);
  execve(program->path, program->argv, program->envp);
  executing = 0;
  return -errno;
}

static void close_marked(int highest) {
  for (int fd = 3; fd < highest; fd++)
    if (fcntl(fd, F_GETFD) & FD_CLOEXEC) close(fd);
  syscall(SYS_close_range, highest, ~0U, 0);
}

struct standing {
  const struct clinux_program *program;
  int32_t (*body)(void *);
  void *context;
};

/* Has our memory, in a copy. */
static int32_t stand_in(void *context) {
  const struct standing *standing = context;
  const struct clinux_program *program = standing->program;
  int32_t none = -1;
  clinux_reset_signals();
  if (place_descriptors(program, &none) < 0) return 127;
  if (program->directory && chdir(program->directory) < 0) return 127;
  if (program->envp) environ = (char **)program->envp;
  close_marked(highest_target(program));
  return standing->body(standing->context);
}

int32_t clinux_stand_in(const struct clinux_program *program, int32_t (*body)(void *),
                        void *context, int32_t *pidfd) {
  struct standing standing = {program, body, context};
  uint64_t all = ~0ULL, mask = 0;
  /* None of our handlers may run in the child. */
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
  int32_t pid = clinux_spawn(0, -1, stand_in, &standing, pidfd);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  return pid;
}

struct entering {
  struct standing standing;
  const struct clinux_place *place;
  /* The child writes them, of which a compiler knows nothing. */
  volatile int32_t result, refused;
};

static int32_t go_to(const struct clinux_place *place, volatile int32_t *refused) {
  if (place->namespaces) {
    int32_t failure = clinux_setns(place->target, place->namespaces);
    if (failure < 0) {
      *refused = 1;
      return failure;
    }
    /* New capabilities make it what fs.suid_dumpable says. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return -errno;
  }
  if (place->root >= 0 && (fchdir(place->root) < 0 || chroot(".") < 0)) return -errno;
  return 0;
}

/* The memory is our parent's, who waits. What can be seen in the container is born last, as a copy. */
static int32_t enter(struct entering *entering) {
  const struct clinux_program *program = entering->standing.program;
  int32_t none = -1, pidfd = -1;
  int32_t failure = place_descriptors(program, &none);
  if (failure < 0) return failure;
  close_marked(highest_target(program));
  failure = go_to(entering->place, &entering->refused);
  if (failure < 0) return failure;
  return clinux_spawn(CLONE_PARENT, entering->place->cgroup, entering->standing.body,
                      entering->standing.context, &pidfd);
}

int32_t clinux_enter(const struct clinux_program *program, const struct clinux_place *place,
                     int32_t (*body)(void *), void *context, int32_t *refused) {
  struct entering entering = {{program, body, context}, place, -ECHILD, 0};
  uint64_t all = ~0ULL, mask = 0;
  int32_t code, status;
  int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  if (dumpable < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return -errno;
  /* None of our handlers may run in the child. */
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
  pid_t helper = vfork();
  if (helper == 0) {
    entering.result = enter(&entering);
    _exit(0);
  }
  if (helper < 0)
    entering.result = -errno;
  else
    clinux_wait_pid(helper, 0, &code, &status);
  if (dumpable == 1) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  *refused = entering.refused;
  return entering.result;
}

struct starting {
  const struct clinux_program *program;
  int32_t failure;
};

/* The memory is our parent's, who waits. */
static int begin(void *context) {
  struct starting *starting = context;
  starting->failure = clinux_become(starting->program);
  _exit(127);
}

int32_t clinux_start(const struct clinux_program *program, int32_t *pidfd) {
  char stack[1 << 15] __attribute__((aligned(16)));
  struct starting starting = {program, 0};
  uint64_t all = ~0ULL, mask = 0;
  int fd = -1;
  /* None of our handlers may run in the child. */
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
  int pid = clone(begin, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
                  &starting, &fd);
  int failure = pid < 0 ? -errno : starting.failure;
  /* The child's word, not ours. */
  executing = 0;
  if (pid >= 0 && failure < 0) {
    int32_t code, status;
    clinux_wait_pid(pid, 0, &code, &status);
    close(fd);
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  if (failure < 0) return failure;
  *pidfd = fd;
  return pid;
}

int32_t clinux_unshare(uint64_t flags) { return RESULT(syscall(SYS_unshare, flags)); }
int32_t clinux_setns(int32_t fd, uint64_t types) { return RESULT(setns(fd, (int)types)); }

int32_t clinux_pidfd_open(int32_t pid, uint32_t flags) {
  return RESULT(syscall(SYS_pidfd_open, pid, flags));
}

int32_t clinux_pidfd_send_signal(int32_t pidfd, int32_t signal) {
  return RESULT(syscall(SYS_pidfd_send_signal, pidfd, signal, 0, 0));
}

static int32_t wait_for(idtype_t type, id_t id, int32_t nohang, int32_t *code, int32_t *status) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  int r;
  do r = waitid(type, id, &info, WEXITED | (nohang ? WNOHANG : 0));
  while (r < 0 && errno == EINTR);
  if (r < 0) return -errno;
  *code = info.si_code;
  *status = info.si_status;
  return info.si_pid;
}

int32_t clinux_wait_pidfd(int32_t pidfd, int32_t nohang, int32_t *code, int32_t *status) {
  return wait_for(P_PIDFD, (id_t)pidfd, nohang, code, status);
}

int32_t clinux_wait_pid(int32_t pid, int32_t nohang, int32_t *code, int32_t *status) {
  return wait_for(pid < 0 ? P_ALL : P_PID, (id_t)pid, nohang, code, status);
}

int32_t clinux_execve(const char *path, char *const *argv, char *const *envp) {
  execve(path, argv, envp);
  return -errno;
}

int32_t clinux_execveat(int32_t fd, const char *path, char *const *argv, char *const *envp,
                        int32_t flags) {
  return RESULT(syscall(SYS_execveat, fd, path, argv, envp, flags));
}

int64_t clinux_prctl(int32_t option, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  return RESULT(prctl(option, a, b, c, d));
}

void clinux_give_back_from(int32_t bytes) {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, bytes);
#else
  (void)bytes;
#endif
}

int32_t clinux_keep_capabilities(void) {
  long bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
  /* SECBIT_NO_SETUID_FIXUP (linux/securebits.h). */
  return bits < 0 ? -errno : RESULT(prctl(PR_SET_SECUREBITS, bits | 1 << 2, 0, 0, 0));
}

int32_t clinux_setfsuid(uint32_t uid) { return (int32_t)syscall(SYS_setfsuid, uid); }

int32_t clinux_setfsgid(uint32_t gid) { return (int32_t)syscall(SYS_setfsgid, gid); }

int32_t clinux_setresuid(uint32_t r, uint32_t e, uint32_t s) {
  return RESULT(syscall(SYS_setresuid, r, e, s));
}

int32_t clinux_setresgid(uint32_t r, uint32_t e, uint32_t s) {
  return RESULT(syscall(SYS_setresgid, r, e, s));
}

int32_t clinux_setgroups(uint64_t count, const uint32_t *groups) {
  return RESULT(syscall(SYS_setgroups, count, groups));
}

int32_t clinux_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) < 0) return -errno;
  *effective = data[0].effective | (uint64_t)data[1].effective << 32;
  *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
  *inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
  return 0;
}

int32_t clinux_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
      {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)}};
  return RESULT(syscall(SYS_capset, &header, data));
}

int32_t clinux_prlimit(int32_t pid, uint32_t resource, uint64_t soft, uint64_t hard) {
  uint64_t limit[2] = {soft, hard};
  return RESULT(syscall(SYS_prlimit64, pid, resource, limit, 0));
}

int32_t clinux_getrlimit(uint32_t resource, uint64_t *soft, uint64_t *hard) {
  uint64_t limit[2];
  if (syscall(SYS_prlimit64, 0, resource, 0, limit) < 0) return -errno;
  *soft = limit[0];
  *hard = limit[1];
  return 0;
}

int32_t clinux_close_range(uint32_t first, uint32_t last, uint32_t flags) {
  return RESULT(syscall(SYS_close_range, first, last, flags));
}

int32_t clinux_sethostname(const char *name, uint64_t length) {
  return RESULT(sethostname(name, length));
}

int32_t clinux_setdomainname(const char *name, uint64_t length) {
  return RESULT(setdomainname(name, length));
}

int64_t clinux_personality(uint64_t persona) { return RESULT(syscall(SYS_personality, persona)); }

int32_t clinux_seccomp(uint32_t operation, uint32_t flags, void *argument) {
  return RESULT(syscall(SYS_seccomp, operation, flags, argument));
}

int32_t clinux_sched_setattr(int32_t pid, uint32_t policy, uint64_t flags, int32_t nice,
                             uint32_t priority, uint64_t runtime, uint64_t deadline,
                             uint64_t period) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attr = {48, policy, flags, nice, priority, runtime, deadline, period};
  return RESULT(syscall(SYS_sched_setattr, pid, &attr, 0));
}

/* Where a process is, runs or waits (proc_pid_stat(5), field 39); -1 where that cannot be told. */
static int processor_of(int32_t pid) {
  char text[1024];
  snprintf(text, sizeof text, "/proc/%d/stat", pid);
  int fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  text[length < 0 ? 0 : length] = 0;
  /* The program's name, which is the second field, may have anything in it. */
  const char *rest = strrchr(text, ')');
  for (int field = 2; rest && field < 39; field++) rest = strchr(rest + 1, ' ');
  return rest ? atoi(rest) : -1;
}

/* Not sched_getcpu(3), which takes the word of a thread whose memory we may have borrowed. */
static int own_processor(void) {
  unsigned cpu = 0;
  return syscall(SYS_getcpu, &cpu, 0, 0) < 0 ? -1 : (int)cpu;
}

int32_t clinux_other_processors(cpu_set_t *allowed, cpu_set_t *others) {
  int cpu = own_processor();
  if (cpu < 0 || sched_getaffinity(0, sizeof *allowed, allowed) < 0) return 0;
  *others = *allowed;
  CPU_CLR((unsigned)cpu, others);
  return CPU_COUNT(others) > 0;
}

void clinux_allow_processors(const cpu_set_t *allowed) {
  cpu_set_t every, now;
  memset(&every, 0xff, sizeof every);
  if (sched_setaffinity(0, sizeof every, &every) < 0 ||
      sched_getaffinity(0, sizeof now, &now) < 0 || !CPU_EQUAL(&now, allowed))
    sched_setaffinity(0, sizeof *allowed, allowed);
}

void clinux_step_aside(int32_t pid) {
  cpu_set_t allowed, others;
  if (!clinux_other_processors(&allowed, &others) || processor_of(pid) != own_processor()) return;
  if (sched_setaffinity(0, sizeof others, &others) == 0) clinux_allow_processors(&allowed);
}

/* The kernel takes one bit less than it is told. */
int32_t clinux_set_mempolicy(int32_t mode, const uint8_t *nodes, uint64_t size) {
  return RESULT(syscall(SYS_set_mempolicy, mode, size ? nodes : 0, size ? size * 8 + 1 : 0));
}

int32_t clinux_sched_setaffinity(int32_t pid, uint64_t size, const uint8_t *mask) {
  return RESULT(syscall(SYS_sched_setaffinity, pid, size, mask));
}

int32_t clinux_ioprio_set(int32_t which, int32_t who, int32_t value) {
  return RESULT(syscall(SYS_ioprio_set, which, who, value));
}

int32_t clinux_keyctl_join_session(const char *name) {
  return RESULT(syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, name, 0, 0, 0));
}

int64_t clinux_getrandom(void *buffer, uint64_t size) {
  return RESULT(getrandom(buffer, size, 0));
}

int32_t clinux_bpf(int32_t command, void *attributes, uint32_t size) {
  return RESULT(syscall(SYS_bpf, command, attributes, size));
}

int32_t clinux_reset_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  for (int n = 1; n <= 64; n++)
    if (n != SIGKILL && n != SIGSTOP) sigaction(n, &action, 0);
  return clinux_set_signal_mask(0);
}

int32_t clinux_raise_default(int32_t signal_number) {
  signal(signal_number, SIG_DFL);
  uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  return RESULT(raise(signal_number));
}

extern char __executable_start, etext;

int32_t clinux_release_memory(void) {
  uintptr_t first = (uintptr_t)&__executable_start & ~4095UL, end = (uintptr_t)&etext & ~4095UL;
  uintptr_t stack = (uintptr_t)__builtin_frame_address(0) & ~4095UL;
  malloc_trim(0);
  /* The page below ours stays: the call itself needs it. */
  madvise((void *)(stack - 32 * 4096), 31 * 4096, MADV_DONTNEED);
  return RESULT(madvise((void *)first, end - first, MADV_DONTNEED));
}
