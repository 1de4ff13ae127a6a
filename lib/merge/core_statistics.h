/*
 * The statistics of a merge: the newest counters of each core, and their sum for each capture
 * interface. A core that wrote several files is counted once.
 *
 * Functions that return int return 0, or -1: out of memory.
 */
#ifndef VCAP_CORE_STATISTICS_H
#define VCAP_CORE_STATISTICS_H

#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

struct core_statistics {
	void *tree;                    /* all counters (tsearch) */
	struct core_capture *captures; /* heap; by capture interface */
	size_t capture_count;
	struct core_input *inputs; /* heap; by input */
	size_t input_count;
};

#define CORE_STATISTICS_INIT ((struct core_statistics){0})

/* Frees all counters and comments. */
void core_statistics_release(struct core_statistics *cores);

/*
 * Keeps these counters of a capture interface if they are newer than those of the same core.
 * capture and input number capture interfaces and inputs, from 0. comment is
 * copied and replaces an older one; NULL keeps it. What an input brings is bounded: counters of more
 * than 131072 cores, and comments of more than 16 MiB, are left out. On failure older counters stay.
 */
int core_statistics_update(struct core_statistics *cores, uint32_t capture, size_t input,
			   const struct statistics *statistics, const char *comment);

/*
 * The sum over all cores of a capture interface. newest_ns is the time of its newest packet, or
 * INT64_MIN. The result always has an end time, and neither that nor its own time is older than
 * newest_ns.
 */
struct statistics core_statistics_sum(const struct core_statistics *cores, uint32_t capture,
				      int64_t newest_ns);

/* Adds the comments of all cores of a capture interface, and whether statistics were left out, to
 * *comment, a set of lines on the heap (lineset.h), or NULL. On failure it holds those added so far. */
int core_statistics_comment(const struct core_statistics *cores, uint32_t capture, char **comment);

#endif
