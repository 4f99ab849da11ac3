#ifndef CLINUX_BEGIN_H
#define CLINUX_BEGIN_H

/* For those that share our memory and run beside us. */

#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

/* A system call that leaves errno alone: here it may be our parent's, who runs on. */
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

/* A new process or thread is put on our processor and waits there for as long as we run on, while one
 * that wakes up is given an idle one: so we sleep until it has begun. It is not waited for longer than
 * 2 ms, should it have died. */
static inline void let_begin(int32_t *begun) {
  struct timespec limit = {0, 2000000};
  if (!__atomic_load_n(begun, __ATOMIC_ACQUIRE))
    quietly(SYS_futex, (long)begun, FUTEX_WAIT, 0, (long)&limit);
}

static inline void has_begun(int32_t *begun) {
  __atomic_store_n(begun, 1, __ATOMIC_RELEASE);
  quietly(SYS_futex, (long)begun, FUTEX_WAKE, 1, 0);
}

#endif
