/*
 * The clocks of several engines against this one, asked all at once by vcap-clock, and what
 * vcap-merge is to add to their times.
 */
#ifndef VCAP_CLOCKS_H
#define VCAP_CLOCKS_H

#include "skew.h"
#include "words.h"

#include <stdint.h>

/* What was learnt of an engine's clock; NULL: it was not told in time. */
typedef void clocks_told(const char *engine, const struct skew *skew);

/* Appends `NAME=OFFSET` to corrections for each of the engines (NULL-ended) whose clock is known to
 * differ. Takes at most timeout_ns, and a little to end what has not answered. */
void clocks_compare(char *const *engines, int64_t timeout_ns, struct words *corrections,
		    clocks_told *told);

/* Appends the correction of one, if its clock is known to differ. */
void clocks_correct(const char *engine, const struct skew *skew, struct words *corrections);

#endif
