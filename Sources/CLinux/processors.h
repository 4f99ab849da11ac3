#ifndef CLINUX_PROCESSORS_H
#define CLINUX_PROCESSORS_H

/* Needs _GNU_SOURCE. */

#include <sched.h>
#include <stdint.h>

/* What the calling thread may run on, and that without the processor it is on; 0 where that is none. */
int32_t clinux_other_processors(cpu_set_t *allowed, cpu_set_t *others);
/* Lets a thread that was narrowed for a moment run where it might before. Where nobody had narrowed it,
 * neither have we: a cpuset that grows later counts. */
void clinux_allow_processors(const cpu_set_t *allowed);

#endif
