#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A system call that leaves errno alone: it is our parent's, who shares its memory and runs on. */
static inline long quietly(long number, long a, long b, long c, long d) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
#else
#error "no system call without errno for this processor"
#endif
}

struct holding {
  uint64_t own;
  int32_t gate, loopback;
};

static int hold(void *context) {
  struct holding *holding = context;
  char byte;
  /* An errno, which fits. */
  uint8_t failure = holding->own ? (uint8_t)-quietly(SYS_unshare, (long)holding->own, 0, 0, 0) : 0;
  if (holding->loopback && !failure) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    long fd = quietly(SYS_socket, AF_INET, SOCK_DGRAM, 0, 0);
    /* Without IPv4 there is nothing to bring up, as without the device. */
    if (fd >= 0) quietly(SYS_ioctl, fd, SIOCSIFFLAGS, (long)&request, 0);
  }
  if (holding->own) quietly(SYS_write, holding->gate, (long)&failure, sizeof failure, 0);
  if (holding->gate > 0) quietly(SYS_close_range, 0, holding->gate - 1, 0, 0);
  quietly(SYS_close_range, holding->gate + 1, (long)~0U, 0, 0);
  quietly(SYS_read, holding->gate, (long)&byte, 1, 0);
  quietly(SYS_exit_group, 0, 0, 0, 0);
  return 0;
}

int32_t clinux_hold(uint64_t flags, uint64_t own, int32_t loopback, int32_t gate, void *stack,
                    uint64_t size, int32_t *pidfd) {
  /* Above the stack, which outlives the call. */
  struct holding *holding = (struct holding *)((char *)stack + size - 64);
  uint64_t all = ~0ULL, mask = 0;
  int fd = -1;
  holding->own = own;
  holding->gate = gate;
  holding->loopback = loopback;
  /* None of our handlers may run in the child. */
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
  int pid = clone(hold, holding, (int)(flags | CLONE_VM | CLONE_PIDFD | SIGCHLD), holding, &fd);
  int failure = pid < 0 ? -errno : 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  if (failure) return failure;
  if (own) clinux_step_aside(pid);
  *pidfd = fd;
  return pid;
}
