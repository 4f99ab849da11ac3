#define _GNU_SOURCE
#include "begin.h"
#include "clinux.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void *run_group(void *context) {
  struct clinux_group *group = context;
  int32_t pids[8];
  has_begun(&group->begun);
  for (int32_t n = 0; n < group->count; n++) {
    int32_t pidfd = -1;
    pids[n] = clinux_start(&group->programs[n], &pidfd);
    if (pidfd >= 0) close(pidfd);
  }
  for (int32_t n = 0; n < group->count; n++) {
    int32_t code = 0, status = 0;
    if (pids[n] < 0 || clinux_wait_pid(pids[n], 0, &code, &status) < 0 || code != CLD_EXITED ||
        status)
      group->failed |= 1 << n;
  }
  return 0;
}

int32_t clinux_group_start(struct clinux_group *group) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (group->count > 8) return -EINVAL;
  group->failed = group->begun = 0;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 1 << 17);
  int result = pthread_create(&thread, &attributes, run_group, group);
  pthread_attr_destroy(&attributes);
  group->thread = (uint64_t)thread;
  if (result) return -result;
  let_begin(&group->begun);
  return 0;
}

int32_t clinux_group_wait(struct clinux_group *group) {
  pthread_join((pthread_t)group->thread, 0);
  return group->failed;
}
