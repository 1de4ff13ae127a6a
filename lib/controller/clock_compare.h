/*
 * The clocks of several engines against this one, asked all at once by vcap-clock, and what
 * vcap-merge is to add to their times.
 */
#ifndef VCAP_CLOCK_COMPARE_H
#define VCAP_CLOCK_COMPARE_H

#include "base/strvec.h"
#include "controller/clock_offset.h"

#include <stdint.h>

/* What was learnt of an engine's clock; NULL: it was not told in time. */
typedef void clock_compare_report(const char *engine, const struct clock_offset *offset);

/* Appends `NAME=OFFSET` to corrections for each of the engines (NULL-ended) whose clock is known to
 * differ. Takes at most timeout_ns, and a little to end what has not answered. */
void clock_compare_engines(char *const *engines, int64_t timeout_ns, struct strvec *corrections,
			   clock_compare_report *told);

/* Appends the correction of one, if its clock is known to differ. */
void clock_compare_correct(const char *engine, const struct clock_offset *offset,
			   struct strvec *corrections);

#endif
