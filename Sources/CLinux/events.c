#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define RESULT(call) ({ long r_ = (call); r_ < 0 ? -errno : r_; })

int32_t clinux_epoll_create(void) { return RESULT(epoll_create1(EPOLL_CLOEXEC)); }

int32_t clinux_epoll_control(int32_t epoll, int32_t operation, int32_t fd, uint32_t events,
                             uint64_t data) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  return RESULT(epoll_ctl(epoll, operation, fd, &event));
}

int32_t clinux_epoll_wait(int32_t epoll, struct clinux_event *events, int32_t count,
                          int32_t timeout_ms) {
  struct epoll_event found[32];
  int n = epoll_wait(epoll, found, count > 32 ? 32 : count, timeout_ms);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < n; i++) events[i] = (struct clinux_event){found[i].events, 0, found[i].data.u64};
  return n;
}

int32_t clinux_set_signal_mask(uint64_t mask) {
  return RESULT(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask));
}

int32_t clinux_signalfd(uint64_t mask) {
  int32_t blocked = clinux_set_signal_mask(mask);
  if (blocked < 0) return blocked;
  return RESULT(syscall(SYS_signalfd4, -1, &mask, sizeof mask, SFD_CLOEXEC | SFD_NONBLOCK));
}

int32_t clinux_ignore_signal(int32_t number, int32_t ignore) {
  return signal(number, ignore ? SIG_IGN : SIG_DFL) == SIG_ERR ? -errno : 0;
}

int32_t clinux_read_signal(int32_t fd, int32_t *pid) {
  struct signalfd_siginfo info;
  ssize_t n = read(fd, &info, sizeof info);
  if (n < 0) return -errno;
  *pid = (int32_t)info.ssi_pid;
  return (int32_t)info.ssi_signo;
}

int32_t clinux_timerfd(void) {
  return RESULT(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

int32_t clinux_timer_set(int32_t fd, int64_t first_ns, int64_t interval_ns) {
  struct itimerspec spec = {{interval_ns / 1000000000, interval_ns % 1000000000},
                            {first_ns / 1000000000, first_ns % 1000000000}};
  return RESULT(timerfd_settime(fd, 0, &spec, 0));
}

int32_t clinux_inotify(void) { return RESULT(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)); }

int32_t clinux_inotify_add(int32_t fd, const char *path, uint32_t mask) {
  return RESULT(inotify_add_watch(fd, path, mask));
}

int32_t clinux_poll(int32_t fd, int16_t events, int32_t timeout_ms) {
  struct pollfd item = {fd, events, 0};
  int n = poll(&item, 1, timeout_ms);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  return n == 0 ? 0 : item.revents;
}
