/*
 * Compares the clocks of several engines with this host's, in parallel, by vcap-clock, and makes the
 * corrections that vcap-merge applies to their times.
 */
#ifndef VCAP_CLOCK_COMPARE_H
#define VCAP_CLOCK_COMPARE_H

#include "base/strvec.h"
#include "controller/clock_offset.h"

#include <stdint.h>

/* Reports the offset of an engine's clock; NULL: there was no answer in time. */
typedef void clock_compare_report(const char *engine, const struct clock_offset *offset);

/* Appends `NAME=OFFSET`, in seconds, to corrections for each of the engines (NULL-ended) whose clock
 * is known to differ; corrections->failed if memory runs out. Takes timeout_ns at most, and the time
 * to end the children that have not answered. */
void clock_compare_engines(char *const *engines, int64_t timeout_ns, struct strvec *corrections,
			   clock_compare_report *report);

/* Appends the correction of one engine, if its clock is known to differ. */
void clock_compare_correct(const char *engine, const struct clock_offset *offset,
			   struct strvec *corrections);

#endif
