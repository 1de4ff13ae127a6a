/*
 * The clocks of the engines whose packets are merged: what is added to their times. An engine that comes by
 * an input (NAME=INPUT, its `via`) has its own offset, or else that of the input's name.
 *
 * Functions that return int return 0, or -1: out of memory, and nothing has changed.
 */
#ifndef VCAP_ENGINE_CLOCKS_H
#define VCAP_ENGINE_CLOCKS_H

#include "merge/clock_slew.h"

#include <stddef.h>
#include <stdint.h>

struct engine_clock {
	char *engine, *via;     /* via: or NULL */
	struct clock_slew slew; /* corrects its times */
	int64_t seen_ns;        /* live: the newest of them before that; INT64_MIN if none */
	struct engine_clock *next;
};

struct engine_clocks {
	void *tree; /* tsearch */
	struct engine_clock *first;
	struct engine_offset *offsets; /* heap */
	size_t offset_count;
};

#define ENGINE_CLOCKS_INIT ((struct engine_clocks){0})

/* Frees all. */
void engine_clocks_release(struct engine_clocks *clocks);

/* Sets the offset of an engine, or of all engines that come by an input of that name and have none of their
 * own, for clocks that are added from now on. */
int engine_clocks_set(struct engine_clocks *clocks, const char *engine, int64_t offset_ns);

/* As engine_clocks_set, also for the clocks there are: from their newest time on gradually (clock_slew.h),
 * or, where a stream begins anew, at once. */
enum engine_clocks_change { ENGINE_CLOCKS_SLEW, ENGINE_CLOCKS_STEP };
int engine_clocks_change(struct engine_clocks *clocks, const char *engine, int64_t offset_ns,
			 enum engine_clocks_change how);

/* The clock of an engine, which is added unless it exists; owned by clocks. NULL: out of memory. */
struct engine_clock *engine_clocks_find(struct engine_clocks *clocks, const char *engine,
					const char *via);

/* Notes a time of the engine's own clock. */
static inline void
engine_clock_see(struct engine_clock *clock, int64_t ts_ns)
{
	if (ts_ns > clock->seen_ns)
		clock->seen_ns = ts_ns;
}

#endif
