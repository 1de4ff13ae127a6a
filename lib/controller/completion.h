/*
 * The work of vcap-wait on a capture: all steps that are left, from its start time to the merged file
 * (schedule.h, collect.h), and what can still be had afterwards.
 */
#ifndef VCAP_COMPLETION_H
#define VCAP_COMPLETION_H

#include "base/failure.h"
#include "controller/collect.h"
#include "controller/spool.h"

/* Does the steps that are left, of a failed capture those that failed; of one with a merged file it
 * fetches what engines still have. The entry of collect is locked by the caller. A step that fails
 * makes the capture failed, except for lack of disk space, and is no failure here. 1 with
 * why: what engines still have could not be had, and the merged file is what it was. -1 with why: the
 * capture was removed, cancelled or given up, or its state could not be stored. */
int completion_run(struct collect *collect, const struct spool *spool, struct failure *why);

/*
 * Repeats that, rarely, as long as engines that are missing may have a part (orphans.h) and the
 * capture's patience has not passed since its end. In between it is not locked. -1 with why:
 * as completion_run; 0 also if it was removed meanwhile.
 */
int completion_go_on(struct collect *collect, const struct spool *spool, struct failure *why);

#endif
