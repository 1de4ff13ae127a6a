/*
 * The merge itself, here called the whole, does the first slice of a round and writes it. Meanwhile each of the other
 * lanes, a merge of its own over the same files, does one of the slices that follow, into memory. To begin in the middle
 * a lane has to guess where in each file the first packet of its slice stands (capfile/timeseek.h). A guess
 * is nothing to believe: but when the whole, which reads from the beginning, has come to the end of its slice, the next
 * packet of each of its inputs has to be the one that the lane began with. If all are, the lane has read what the whole
 * would have read, and what it wrote is written. The whole goes on where the last of such lanes has ended.
 *
 * A lane knows the interfaces that the files begin with, and nothing else that stands before its slice. So its slice is
 * dropped, and merged by the whole in the next round, if there was anything but packets in it, and in order: statistics,
 * the end of an input, damage, a further section. Once the whole has met an interface or section that lanes
 * do not know, or damage, it goes on alone.
 *
 * Slices are fast where merging takes the time, and no byte moves between processors; but what a lane writes goes through
 * memory. Where copying takes the time, threads that share the work of one merge are faster, as long as their
 * processors are near each other. That is tried (base/trial.h).
 */
#include "merge/slices.h"

#include "base/clock.h"
#include "base/trial.h"
#include "capfile/timeseek.h"
#include "merge/lane.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a slice, of all inputs together: few enough for the processor's caches, but to begin one costs something for
 * each input. */
#define SLICE_LEAST  (2u << 20)
#define SLICE_SHARE  (128u << 10)
#define SLICE_GROWTH 4 /* how many times as large it may become in memory */

#define BEHIND       4096 /* bytes of an input behind a slice that are read with it */
#define FARTHEST     (UINT64_C(1) << 40) /* bytes */
#define INPUTS_MOST  64
#define IN_VAIN      8 /* rounds in a row without a slice of a lane, before the whole goes on alone */
/* Bytes of the rounds in which each way is tried, how many times as many before that, and how many rounds go on so until
 * all are tried again. */
#define TRIALS (12u << 20)
#define BEFORE 4
#define GO_ON  200
#define FAVOUR 1.2 /* how many times as fast as slices another way has to be */

/* How a round is merged. */
enum way { SLICED, SHARED, ALONE, WAYS };

struct slices {
	const struct inputs *inputs;
	size_t size; /* bytes of a slice */
	struct lane *lanes;
	size_t lane_count;       /* the whole, and the others */
	size_t busy;             /* lanes that have a slice in this round */
	struct lane_place *next; /* by input: where the whole goes on */
	double *rates;    /* by input: bytes in a nanosecond of the last round; 0: not known */
	unsigned in_vain; /* rounds in a row */
	size_t taken;     /* slices */
	struct trial trial;
};

void
slices_free(struct slices *slices)
{
	if (!slices)
		return;
	for (size_t i = 0; i < slices->lane_count; i++)
		lane_release(&slices->lanes[i]);
	free(slices->lanes);
	free(slices->next);
	free(slices->rates);
	free(slices);
}

/* Opens the lanes. -1: one cannot be opened. */
static int
open_lanes(struct slices *slices, size_t count)
{
	slices->lanes = calloc(count, sizeof(*slices->lanes));
	slices->next = calloc(slices->inputs->count, sizeof(*slices->next));
	slices->rates = calloc(slices->inputs->count, sizeof(*slices->rates));
	if (!slices->lanes || !slices->next || !slices->rates)
		return -1;
	while (slices->lane_count < count) {
		struct lane *lane = &slices->lanes[slices->lane_count];

		if (lane_open(lane, slices->lane_count++ ? LANE_PART : LANE_WHOLE, slices->inputs) <
		    0)
			return -1;
	}
	return 0;
}

static void
begin_trial(struct slices *slices, size_t lanes)
{
	const size_t rounds = TRIALS / (lanes * slices->size);
	const unsigned tries = rounds > 3 ? 3 : rounds > 0 ? (unsigned)rounds : 1;

	trial_init(&slices->trial, WAYS, SLICED, FAVOUR, BEFORE * tries, tries, GO_ON);
}

struct slices *
slices_open(const struct inputs *inputs, size_t size)
{
	const size_t lanes = 1 + threadpool_spare(), fast = inputs->count * SLICE_SHARE;
	struct slices *slices;

	if (lanes == 1 || inputs->count < 2 || inputs->count > INPUTS_MOST)
		return NULL;
	slices = calloc(1, sizeof(*slices));
	if (!slices)
		return NULL;
	slices->inputs = inputs;
	slices->size = size ? size : fast > SLICE_LEAST ? fast : SLICE_LEAST;
	begin_trial(slices, lanes);
	if (open_lanes(slices, lanes) == 0)
		return slices;
	slices_free(slices);
	return NULL;
}

size_t
slices_taken(const struct slices *slices)
{
	return slices->taken;
}

/* How many bytes of an input come in so many nanoseconds, as in the last round. */
static uint64_t
bytes_in(const struct slices *slices, size_t i, int64_t ns)
{
	const double bytes = slices->rates[i] * (double)ns;

	return bytes < 0 ? 0 : bytes < (double)FARTHEST ? (uint64_t)bytes : FARTHEST;
}

/* Where the first packet of each input is that is not older than the slice. */
static bool
guess_places(const struct slices *slices, const struct lane *lane, struct lane_place *places)
{
	for (size_t i = 0; i < lane->count; i++) {
		const struct lane_place *next = &slices->next[i];
		const uint64_t on = bytes_in(slices, i, lane->from_ns - next->ts_ns);
		struct timeseek from = {next->offset, next->ts_ns}, found = from;

		if (next->has_packet && next->ts_ns < lane->from_ns &&
		    !timeseek_find(lane->readers[i], &from, next->offset + on, lane->from_ns,
				   &found))
			return false;
		places[i] =
		    (struct lane_place){.has_packet = next->has_packet, .offset = found.place};
	}
	return true;
}

/* Has what is behind the slice, as far as that can be estimated, not be read ahead. */
static void
limit_reading(const struct slices *slices, const struct lane *lane)
{
	for (size_t i = 0; i < lane->count; i++) {
		const struct lane_place *next = &slices->next[i];
		const uint64_t on = bytes_in(slices, i, lane->until_ns - next->ts_ns);

		reader_read_to(lane->readers[i], next->offset + on + BEHIND);
	}
}

static void
unlimit_reading(const struct lane *lane)
{
	for (size_t i = 0; i < lane->count; i++)
		reader_read_to(lane->readers[i], 0);
}

/* Merges a slice somewhere in the middle. */
static void
merge_slice(const struct slices *slices, struct lane *lane)
{
	lane->is_good = false;
	merge_forget(lane->merge);
	writer_empty_part(lane->writer);
	limit_reading(slices, lane);
	if (!guess_places(slices, lane, lane->first) || lane_move(lane, lane->first) < 0)
		return;
	lane_find_places(lane, lane->first);
	if (lane_copy(lane, lane->until_ns, SLICE_GROWTH * slices->size, NULL) < 0)
		return;
	lane->is_good = merge_is_plain(lane->merge) && lane_is_regular(lane);
}

/* What a thread does: one lane's slice of the round. */
static void
run_lane(void *context, size_t piece)
{
	const struct slices *slices = context;
	struct lane *lane = &slices->lanes[piece];

	if (piece > 0) {
		merge_slice(slices, lane);
		return;
	}
	if (slices->busy > 1)
		limit_reading(slices, lane);
	else
		unlimit_reading(lane);
	lane->is_good = lane_copy(lane, lane->until_ns, SIZE_MAX, NULL) == 0;
}

/* How many bytes of an input are still to come. */
static uint64_t
bytes_left(const struct slices *slices, size_t i)
{
	const uint64_t size = (uint64_t)slices->inputs->list[i].st.st_size;
	const struct lane_place *next = &slices->next[i];

	return next->has_packet && size > next->offset ? size - next->offset : 0;
}

/* Gives the lanes their slices, by the input that has most to come: it has its share of the bytes of each. How
 * many lanes have one. */
static size_t
plan(struct slices *slices)
{
	const size_t count = slices->inputs->count;
	uint64_t sum = 0;
	size_t lanes = 0, largest = 0;
	struct timeseek from, cut;
	double part;

	lane_find_places(slices->lanes, slices->next);
	for (size_t i = 0; i < count; i++) {
		sum += bytes_left(slices, i);
		if (bytes_left(slices, i) > bytes_left(slices, largest))
			largest = i;
	}
	if (sum / slices->size < 2)
		return 0;
	part = (double)slices->size / (double)sum;
	from = cut = (struct timeseek){slices->next[largest].offset, slices->next[largest].ts_ns};
	for (; lanes < slices->lane_count && sum / slices->size > lanes; lanes++) {
		const double on = part * (double)(lanes + 1) * (double)bytes_left(slices, largest);
		struct lane *lane = &slices->lanes[lanes];

		lane->from_ns = cut.ts_ns;
		if (!timeseek_near(lane->readers[largest], &from, from.place + (uint64_t)on,
				   &cut) ||
		    cut.ts_ns <= lane->from_ns)
			break;
		lane->until_ns = cut.ts_ns;
	}
	for (size_t i = 0; lanes > 0 && i < count; i++)
		if (slices->rates[i] == 0)
			slices->rates[i] =
			    part * (double)bytes_left(slices, i) /
			    (double)(slices->lanes->until_ns - slices->lanes->from_ns);
	return lanes;
}

/* How many bytes came since the round began, of all inputs, and of each in a nanosecond. */
static uint64_t
measure(struct slices *slices, const struct lane_place *now)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < slices->inputs->count; i++) {
		const struct lane_place *next = &slices->next[i];

		if (!now[i].has_packet || now[i].ts_ns <= next->ts_ns)
			continue;
		sum += now[i].offset - next->offset;
		slices->rates[i] =
		    (double)(now[i].offset - next->offset) / (double)(now[i].ts_ns - next->ts_ns);
	}
	return sum;
}

/* How many lanes' slices, of those that follow the whole's, are its own, which ends at `own`; *end is then where it
 * goes on. */
static size_t
prove(const struct slices *slices, const struct lane_place *own, struct lane_place *end)
{
	size_t proven = 0;

	memcpy(end, own, slices->inputs->count * sizeof(*end));
	while (proven + 1 < slices->busy && slices->lanes[proven + 1].is_good &&
	       lane_is_same(slices->lanes, end, slices->lanes[proven + 1].first))
		lane_find_places(&slices->lanes[++proven], end);
	return proven;
}

/* Has the whole go on there. What it takes for a packet there may depend on what stands before, if that is damaged: then
 * its next packets are others, and false is returned. */
static bool
goes_on_at(struct lane *whole, const struct lane_place *places)
{
	struct lane_place there[INPUTS_MOST];

	if (lane_move(whole, places) < 0)
		return false;
	lane_find_places(whole, there);
	return lane_is_same(whole, there, places);
}

/* Writes the slices that are proven, and has the whole go on behind them. -1 with why. */
static int
take_slices(struct slices *slices, uint64_t *bytes, struct failure *why)
{
	struct lane *whole = slices->lanes;
	struct lane_place own[INPUTS_MOST], end[INPUTS_MOST];
	size_t proven;

	lane_find_places(whole, own);
	proven = prove(slices, own, end);
	if (proven > 0 && !goes_on_at(whole, end)) {
		proven = 0;
		merge_forget(whole->merge);
		memcpy(end, own, whole->count * sizeof(*end));
		if (!goes_on_at(whole, own))
			return failure_set(why, "an input changed while it was read");
	}
	for (size_t i = 1; i <= proven; i++) {
		merge_take_over(whole->merge, slices->lanes[i].merge);
		if (writer_add_part(whole->writer, slices->lanes[i].writer, why) < 0)
			return -1;
	}
	slices->taken += proven;
	if (slices->busy > 1)
		slices->in_vain = proven ? 0 : slices->in_vain + 1;
	*bytes = measure(slices, end);
	return 0;
}

/* Uses the threads for what the whole merges, or not. */
static void
share(const struct slices *slices, struct threadpool *pool)
{
	struct lane *whole = slices->lanes;

	merge_set_threadpool(whole->merge, pool);
	writer_set_threadpool(whole->writer, pool, &whole->why);
}

/* A round: each lane merges its slice, or the whole all of them. 1; 0 if that is not to go on; -1 with why. */
static int
merge_round(struct slices *slices, struct threadpool *pool, struct failure *why)
{
	const enum way way = slices->trial.way;
	const int64_t from_ns = clock_monotonic_ns();
	struct lane *whole = slices->lanes;
	uint64_t bytes;

	slices->busy = plan(slices);
	if (slices->busy < 2)
		return 0;
	share(slices, way == SHARED ? pool : NULL);
	if (way != SLICED) {
		whole->until_ns = slices->lanes[slices->busy - 1].until_ns;
		slices->busy = 1;
	}
	threadpool_work(pool, run_lane, slices, slices->busy);
	if (!whole->is_good) {
		*why = whole->why;
		return -1;
	}
	if (!lane_is_regular(whole))
		return 0;
	if (take_slices(slices, &bytes, why) < 0)
		return -1;
	trial_add(&slices->trial, (double)bytes / (double)(clock_monotonic_ns() - from_ns));
	return slices->in_vain < IN_VAIN;
}

/* Begins all lanes. False: the whole is to go on alone. */
static bool
begin(struct slices *slices, struct merge *merge, struct writer *writer)
{
	struct lane *whole = slices->lanes;

	if (!merge_can_restart(merge) ||
	    writer_interfaces(writer, merge_source(merge), &whole->why) < 0)
		return false;
	for (size_t i = 0; i < whole->count; i++)
		if (!reader_source(whole->readers[i])->revisit)
			return false;
	lane_begin_whole(whole, merge, writer);
	for (size_t i = 1; i < slices->lane_count; i++)
		if (lane_begin_part(&slices->lanes[i], whole, slices->size + slices->size / 2) < 0)
			return false;
	return true;
}

int
slices_copy(struct slices *slices, struct merge *merge, struct writer *writer,
	    struct threadpool *pool, struct failure *why)
{
	struct lane all = {.kind = LANE_WHOLE, .merge = merge, .writer = writer};
	int rc = 0;

	if (slices && pool && begin(slices, merge, writer)) {
		while ((rc = merge_round(slices, pool, why)) > 0)
			;
		share(slices, pool);
		unlimit_reading(slices->lanes);
	}
	if (rc == 0 && (rc = lane_copy(&all, INT64_MAX, SIZE_MAX, pool)) < 0)
		*why = all.why;
	lane_release(&all);
	return rc;
}
