/*
 * vcap-run writes a file for each core, and may split it; each file ends with the counters since
 * the capture began. So counters of one core of one capture are told apart by nothing but their
 * age, and only the newest count; counters of different cores, and of different captures, are
 * added. A capture is known by its start time. Statistics that name no core, of other programs,
 * are those of the input they were read from.
 *
 * The result must not depend on the order of the inputs, nor on whether they were merged at once
 * or in steps: therefore ties are broken by the counters themselves, and the end time is never
 * older than the newest packet.
 */
#include "merge/core_statistics.h"

#include "base/array.h"
#include "base/lineset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct core_counters {
	uint32_t capture;
	size_t input;
	struct statistics statistics;
	char *comment; /* the newest that was given; lines */
};

void
core_statistics_release(struct core_statistics *cores)
{
	for (size_t i = 0; i < cores->count; i++)
		free(cores->list[i].comment);
	free(cores->list);
	*cores = CORE_STATISTICS_INIT;
}

static bool
is_same_core(const struct core_counters *core, uint32_t capture, size_t input,
	     const struct statistics *s)
{
	return core->capture == capture && core->statistics.core == s->core &&
	       core->statistics.start_ns == s->start_ns &&
	       (s->core != PACKET_NO_CORE || core->input == input);
}

static bool
is_newer(const struct core_counters *core, size_t input, const struct statistics *s)
{
	const struct statistics *old = &core->statistics;

	if (s->ts_ns != old->ts_ns)
		return s->ts_ns > old->ts_ns;
	if (core->input == input)
		return true;
	if (s->received != old->received)
		return s->received > old->received;
	return s->accepted != old->accepted ? s->accepted > old->accepted
					    : s->dropped > old->dropped;
}

static int
replace(struct core_counters *core, size_t input, const struct statistics *statistics,
	const char *comment)
{
	char *copy = comment ? strdup(comment) : NULL;

	if (comment && !copy)
		return -1;
	if (copy) {
		free(core->comment);
		core->comment = copy;
	}
	core->input = input;
	core->statistics = *statistics;
	return 0;
}

int
core_statistics_update(struct core_statistics *cores, uint32_t capture, size_t input,
		       const struct statistics *statistics, const char *comment)
{
	for (size_t i = 0; i < cores->count; i++) {
		struct core_counters *core = &cores->list[i];

		if (!is_same_core(core, capture, input, statistics))
			continue;
		if (!is_newer(core, input, statistics))
			return 0;
		return replace(core, input, statistics, comment);
	}
	if (array_grow(&cores->list, cores->count, sizeof(*cores->list)) < 0)
		return -1;
	cores->list[cores->count] = (struct core_counters){.capture = capture};
	return replace(&cores->list[cores->count++], input, statistics, comment);
}

static void
add_counters(struct statistics *sum, const struct statistics *s)
{
	if (s->start_ns != INT64_MIN && (sum->start_ns == INT64_MIN || s->start_ns < sum->start_ns))
		sum->start_ns = s->start_ns;
	if (s->end_ns > sum->end_ns)
		sum->end_ns = s->end_ns;
	if (s->ts_ns > sum->ts_ns)
		sum->ts_ns = s->ts_ns;
	statistics_add(&sum->received, s->received);
	statistics_add(&sum->dropped, s->dropped);
	statistics_add(&sum->accepted, s->accepted);
	statistics_add(&sum->os_dropped, s->os_dropped);
	statistics_add(&sum->delivered, s->delivered);
}

struct statistics
core_statistics_sum(const struct core_statistics *cores, uint32_t capture, int64_t newest_ns)
{
	struct statistics sum = STATISTICS_INIT;

	sum.ts_ns = INT64_MIN;
	sum.valid = true;
	for (size_t i = 0; i < cores->count; i++)
		if (cores->list[i].capture == capture)
			add_counters(&sum, &cores->list[i].statistics);
	if (newest_ns > sum.end_ns)
		sum.end_ns = newest_ns;
	if (sum.end_ns == INT64_MIN)
		sum.end_ns = sum.ts_ns < 0 ? 0 : sum.ts_ns;
	if (newest_ns > sum.ts_ns)
		sum.ts_ns = newest_ns;
	if (sum.ts_ns < 0)
		sum.ts_ns = sum.end_ns;
	return sum;
}

int
core_statistics_comment(const struct core_statistics *cores, uint32_t capture, char **comment)
{
	for (size_t i = 0; i < cores->count; i++) {
		const struct core_counters *core = &cores->list[i];
		char *joined;

		if (core->capture != capture || !core->comment)
			continue;
		joined = lineset_union(*comment, core->comment);
		if (!joined)
			return -1;
		free(*comment);
		*comment = joined;
	}
	return 0;
}
