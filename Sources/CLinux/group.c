#define _GNU_SOURCE
#include "clinux.h"
#include "processors.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void start_one(struct clinux_group *group, int32_t n) {
  int32_t pidfd = -1;
  group->pids[n] = clinux_start(&group->programs[n], &pidfd);
  if (pidfd >= 0) close(pidfd);
}

/* The result as a bit of `failed`. */
static int32_t wait_for_one(const struct clinux_group *group, int32_t n) {
  int32_t code = 0, status = 0;
  int succeeded = group->pids[n] >= 0 && clinux_wait_pid(group->pids[n], 0, &code, &status) >= 0 &&
                  code == CLD_EXITED && !status;
  return succeeded ? 0 : 1 << n;
}

static int32_t count_of_thread(const struct clinux_group *group) {
  return group->own ? group->count - 1 : group->count;
}

static void *run_group(void *context) {
  struct clinux_group *group = context;
  cpu_set_t allowed;
  /* We were put beside our maker, who may run where we may: its own mask is not narrowed. */
  if (sched_getaffinity((pid_t)group->maker, sizeof allowed, &allowed) == 0)
    clinux_allow_processors(&allowed);
  for (int32_t n = 0; n < count_of_thread(group); n++) start_one(group, n);
  for (int32_t n = 0; n < count_of_thread(group); n++) group->failed |= wait_for_one(group, n);
  return 0;
}

/* On one of `processors`, where there are some. */
static int start_thread(struct clinux_group *group, const cpu_set_t *processors) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 1 << 17);
  if (processors) pthread_attr_setaffinity_np(&attributes, sizeof *processors, processors);
  int result = pthread_create(&thread, &attributes, run_group, group);
  pthread_attr_destroy(&attributes);
  group->thread = (uint64_t)thread;
  return result;
}

int32_t clinux_group_start(struct clinux_group *group) {
  cpu_set_t allowed, others;
  if (group->count < 1 || group->count > 8) return -EINVAL;
  group->failed = 0;
  group->maker = gettid();
  /* Elsewhere at once, since we run on (clinux_step_aside); that may be forbidden. */
  int result = EINVAL;
  if (clinux_other_processors(&allowed, &others)) result = start_thread(group, &others);
  if (result) result = start_thread(group, 0);
  if (result) return -result;
  if (group->own) start_one(group, group->count - 1);
  return 0;
}

int32_t clinux_group_wait(struct clinux_group *group) {
  int32_t own = group->own ? wait_for_one(group, group->count - 1) : 0;
  pthread_join((pthread_t)group->thread, 0);
  return group->failed | own;
}
