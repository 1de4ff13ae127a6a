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

#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one input may bring: a hostile one has no end of cores and words. */
#define COUNTERS_MAX (1u << 17)
#define COMMENTS_MAX ((size_t)16 << 20) /* bytes */

/* Allocated one by one: the tree points to them. */
struct core_counters {
	uint32_t capture;
	size_t input; /* that brought the newest */
	size_t owner; /* that brought the first: whose they are if no core is named */
	struct statistics statistics;
	char *comment;              /* the newest that was given; lines */
	struct core_counters *next; /* of the same capture interface */
};

struct core_capture {
	struct core_counters *first;
	bool is_incomplete; /* statistics beyond COUNTERS_MAX are left out */
};

/* What an input has brought. */
struct core_input {
	size_t counters, comments;
};

static void
free_counters(void *counters)
{
	free(((struct core_counters *)counters)->comment);
	free(counters);
}

void
core_statistics_release(struct core_statistics *cores)
{
	tdestroy(cores->tree, free_counters);
	free(cores->captures);
	free(cores->inputs);
	*cores = CORE_STATISTICS_INIT;
}

static int
compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* An order of counters, 0 for those of the same core. */
static int
compare_cores(const void *a, const void *b)
{
	const struct core_counters *x = a, *y = b;
	const struct statistics *s = &x->statistics, *t = &y->statistics;
	int order = compare(x->capture, y->capture);

	order = order ? order : compare(s->core, t->core);
	order = order ? order : compare((uint64_t)s->start_ns, (uint64_t)t->start_ns);
	if (order || s->core != PACKET_NO_CORE)
		return order;
	return compare(x->owner, y->owner);
}

/* Makes room for number `at`; what is new is zero. */
static int
reach(void *array, size_t *count, size_t at, size_t size)
{
	while (*count <= at) {
		if (array_grow(array, *count, size) < 0)
			return -1;
		memset(*(char **)array + *count * size, 0, size);
		(*count)++;
	}
	return 0;
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
replace(struct core_statistics *cores, struct core_counters *core, size_t input,
	const struct statistics *statistics, const char *comment)
{
	size_t *used = &cores->inputs[input].comments;
	char *copy = NULL;

	if (comment && *used + strlen(comment) <= COMMENTS_MAX) {
		copy = strdup(comment);
		if (!copy)
			return -1;
		*used += strlen(comment);
		if (core->comment && core->input == input)
			*used -= strlen(core->comment);
		free(core->comment);
		core->comment = copy;
	}
	core->input = input;
	core->statistics = *statistics;
	return 0;
}

/* Adds counters of a core that has none yet, unless its input has brought too many. */
static int
add(struct core_statistics *cores, const struct core_counters *key, const char *comment)
{
	struct core_capture *capture = &cores->captures[key->capture];
	struct core_input *input = &cores->inputs[key->owner];
	struct core_counters *core;

	if (input->counters == COUNTERS_MAX) {
		capture->is_incomplete = true;
		return 0;
	}
	core = malloc(sizeof(*core));
	if (!core)
		return -1;
	*core = *key;
	if (!tsearch(core, &cores->tree, compare_cores)) {
		free(core);
		return -1;
	}
	core->next = capture->first;
	capture->first = core;
	input->counters++;
	return replace(cores, core, key->owner, &key->statistics, comment);
}

int
core_statistics_update(struct core_statistics *cores, uint32_t capture, size_t input,
		       const struct statistics *statistics, const char *comment)
{
	const struct core_counters key = {
	    .capture = capture, .input = input, .owner = input, .statistics = *statistics};
	struct core_counters **found, *core;

	if (reach(&cores->captures, &cores->capture_count, capture, sizeof(*cores->captures)) < 0 ||
	    reach(&cores->inputs, &cores->input_count, input, sizeof(*cores->inputs)) < 0)
		return -1;
	found = tfind(&key, &cores->tree, compare_cores);
	if (!found)
		return add(cores, &key, comment);
	core = *found;
	return is_newer(core, input, statistics) ? replace(cores, core, input, statistics, comment)
						 : 0;
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

static const struct core_counters *
first_of(const struct core_statistics *cores, uint32_t capture)
{
	return capture < cores->capture_count ? cores->captures[capture].first : NULL;
}

struct statistics
core_statistics_sum(const struct core_statistics *cores, uint32_t capture, int64_t newest_ns)
{
	struct statistics sum = STATISTICS_INIT;

	sum.ts_ns = INT64_MIN;
	sum.valid = true;
	for (const struct core_counters *c = first_of(cores, capture); c; c = c->next)
		add_counters(&sum, &c->statistics);
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

/* Room for what join_comments adds. */
#define LINE 80

/* All comments of a capture interface, one after the other. Heap; NULL: out of memory. */
static char *
join_comments(const struct core_statistics *cores, uint32_t capture)
{
	size_t size = LINE;
	char *text, *to;

	for (const struct core_counters *c = first_of(cores, capture); c; c = c->next)
		size += c->comment ? strlen(c->comment) + 1 : 0;
	to = text = malloc(size);
	if (!text)
		return NULL;
	for (const struct core_counters *c = first_of(cores, capture); c; c = c->next)
		if (c->comment)
			to = stpcpy(stpcpy(to, c->comment), "\n");
	*to = '\0';
	if (capture < cores->capture_count && cores->captures[capture].is_incomplete)
		snprintf(to, LINE, "statistics of more than %u cores are left out", COUNTERS_MAX);
	return text;
}

int
core_statistics_comment(const struct core_statistics *cores, uint32_t capture, char **comment)
{
	char *all = join_comments(cores, capture), *joined;

	if (!all || !*all) {
		free(all);
		return all ? 0 : -1;
	}
	joined = lineset_union(*comment, all);
	free(all);
	if (!joined)
		return -1;
	free(*comment);
	*comment = joined;
	return 0;
}
