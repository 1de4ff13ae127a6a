/*
 * Measures the clock offsets of several engines in parallel, by vcap-clock, and turns them into the
 * corrections that vcap-merge -o applies to timestamps.
 */
#ifndef VCAP_CLOCK_COMPARE_H
#define VCAP_CLOCK_COMPARE_H

#include "base/strvec.h"
#include "controller/clock_offset.h"

#include <stdint.h>

/* Reports the offset of an engine's clock; NULL: no answer in time. */
typedef void clock_compare_report(const char *engine, const struct clock_offset *offset);

/* Appends `NAME=OFFSET`, in seconds, to corrections for each of the engines (NULL-ended) whose
 * offset exceeds its error, and reports the offset of every engine. Takes at most timeout_ns plus
 * the time to terminate the children that have not answered. Out of memory: corrections->failed is
 * set. */
void clock_compare_engines(char *const *engines, int64_t timeout_ns, struct strvec *corrections,
			   clock_compare_report *report);

/* Appends the correction for one engine; nothing if the offset is not certain. */
void clock_compare_correct(const char *engine, const struct clock_offset *offset,
			   struct strvec *corrections);

#endif
