/*
 * A filter as a classic BPF program, which agrees with filter_judge() packet for packet.
 */
#ifndef VCAP_COMPILE_H
#define VCAP_COMPILE_H

#include "base/failure.h"
#include "filter/filter.h"
#include "packet/bpf.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Makes the program for frames of this link type (linktype.h), not LINKTYPE_BY_PARTS. -1 if the set has more intervals
 * than fit into the kernel's limit of BPF_MAX instructions; why says how many would fit. On failure
 * program is unchanged.
 */
int compile_filter(const struct filter *filter, uint16_t linktype, struct bpf *program,
		   struct failure *why);

/* How a set was widened: the number of intervals left, and of addresses added, in decimal (up to
 * 2^128); "0" if it fitted as it was. */
struct compile_widening {
	size_t intervals;
	char added[40];
};

/*
 * As compile_filter, but a set that does not fit is widened: the intervals closest to each other
 * are joined, as few as it takes. The set must not be NULL, nor exclude be true, since a wider set
 * would then mean fewer packets. widening is filled in on success if the set had to be widened. -1
 * as compile_filter.
 */
int compile_widened(const struct filter *filter, uint16_t linktype, struct bpf *program,
		    struct compile_widening *widening, struct failure *why);

#endif
