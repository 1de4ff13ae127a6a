/*
 * The inputs' heads, one at a time, or all that follow them as far as it can be seen, in stretches.
 *
 * The packet handed out alone stays where it is, in its source, until the next call: only then is
 * its input moved on.
 */
#include "merge/merge.h"

#include "merge/input.h"
#include "merge/inputheap.h"
#include "merge/interfaces.h"
#include "merge/lookahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct merge {
	struct source source; /* first; its interfaces are the roster's */
	struct interfaces roster;
	struct input *feeds;
	size_t feed_count;
	struct inputheap heads;
	struct lookahead sweep;
	bool sorts_inputs, stops_at_disorder;
	bool top_is_used; /* the head of inputheap_top was handed out */
	bool has_ended;
	/* Live: inputs that have nothing now, and what the smallest of their promises is. */
	uint32_t *waiting;
	size_t waiting_count;
	int64_t watermark_ns; /* INT64_MAX: none is waited for */
	int64_t newest_ns;    /* handed out */
	bool has_news;        /* those that wait are to be asked again */
	uint64_t hurry;       /* packets to hand out before their turn */
	uint64_t early;       /* packets that were */
	struct failure why;   /* of SOURCE_CUT */
};

static enum source_event merge_next(struct source *, struct packet *, struct failure *);

struct merge *
merge_new(struct failure *why)
{
	struct merge *merge = calloc(1, sizeof(*merge));

	if (!merge) {
		failure_errno(why, "cannot merge");
		return NULL;
	}
	merge->source.next = merge_next;
	merge->watermark_ns = INT64_MAX;
	merge->newest_ns = INT64_MIN;
	return merge;
}

void
merge_free(struct merge *merge)
{
	if (!merge)
		return;
	for (size_t i = 0; i < merge->feed_count; i++)
		input_release(&merge->feeds[i]);
	interfaces_release(&merge->roster);
	free(merge->feeds);
	inputheap_release(&merge->heads);
	lookahead_release(&merge->sweep);
	free(merge->waiting);
	free(merge);
}

static int
no_memory(struct failure *why)
{
	errno = ENOMEM;
	return failure_errno(why, "cannot merge");
}

int
merge_add(struct merge *merge, const struct merge_input *input, struct failure *why)
{
	if (array_grow(&merge->feeds, merge->feed_count, sizeof(*merge->feeds)) < 0)
		return no_memory(why);
	input_init(&merge->feeds[merge->feed_count], input, merge->feed_count);
	merge->feed_count++;
	return 0;
}

int
merge_offset(struct merge *merge, const char *engine, int64_t offset_ns, struct failure *why)
{
	return interfaces_offset(&merge->roster, engine, offset_ns) < 0 ? no_memory(why) : 0;
}

void
merge_mix_linktypes(struct merge *merge)
{
	merge->roster.mixes_linktypes = true;
}

void
merge_sort_inputs(struct merge *merge)
{
	merge->sorts_inputs = true;
}

void
merge_stop_at_disorder(struct merge *merge)
{
	merge->stops_at_disorder = true;
}

void
merge_set_threadpool(struct merge *merge, struct threadpool *crew)
{
	merge->sweep.crew = crew;
}

void
merge_set_live(struct merge *merge)
{
	merge->roster.is_live = true;
}

bool
merge_is_disordered(const struct merge *merge)
{
	for (size_t i = 0; i < merge->feed_count; i++)
		if (merge->feeds[i].is_disordered && !merge->feeds[i].index)
			return true;
	return false;
}

/* The roster's interfaces are the source's; they may have moved. */
static void
show_interfaces(struct merge *merge)
{
	merge->source.interfaces = merge->roster.interfaces;
	merge->source.interface_count = merge->roster.interface_count;
}

static void
lower_watermark(struct merge *merge, const struct input *feed)
{
	if (!feed->is_excused && feed->promise_ns < merge->watermark_ns)
		merge->watermark_ns = feed->promise_ns;
}

/* Moves an input on. 1, 0 if it has no head now, or -1 if the merge cannot go on. */
static int
advance(struct merge *merge, struct input *feed)
{
	int more = input_advance(feed, &merge->roster, &merge->why);

	show_interfaces(merge);
	if (__builtin_expect(more == INPUT_LATER, 0)) {
		merge->waiting[merge->waiting_count++] = (uint32_t)feed->number;
		lower_watermark(merge, feed);
		return 0;
	}
	if (__builtin_expect(feed->is_disordered, 0) && merge->stops_at_disorder && !feed->index)
		return failure_set(&merge->why, "'%s' is not in order", feed->input.name);
	return more;
}

/* Moves on the input whose head was handed out. */
static int
move_on(struct merge *merge)
{
	int more;

	merge->top_is_used = false;
	if (inputheap_used(&merge->heads) < 0)
		return no_memory(&merge->why);
	more = advance(merge, &merge->feeds[inputheap_top(&merge->heads)]);
	if (more < 0)
		return -1;
	inputheap_moved(&merge->heads, more > 0);
	return 0;
}

static int
finish(struct merge *merge)
{
	if (merge->has_ended)
		return 0;
	for (size_t i = 0; i < merge->feed_count; i++)
		input_finish(&merge->feeds[i], &merge->roster);
	if (interfaces_finish(&merge->roster) < 0)
		return no_memory(&merge->why);
	show_interfaces(merge);
	merge->has_ended = true;
	return 0;
}

/* Asks the inputs that wait again. */
static int
ask_again(struct merge *merge)
{
	const size_t count = merge->waiting_count;

	merge->has_news = false;
	merge->waiting_count = 0;
	merge->watermark_ns = INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		/* advance() puts back those that still wait, at most as many. */
		const uint32_t id = merge->waiting[i];
		int more = advance(merge, &merge->feeds[id]);

		if (more < 0)
			return -1;
		if (more > 0)
			inputheap_push(&merge->heads, id);
	}
	return 0;
}

/* Whether the oldest head has to wait for inputs that might still bring something older. */
static bool
has_to_wait(struct merge *merge)
{
	if (merge->heads.alike_count || merge->waiting_count == 0)
		return false;
	if (merge->heads.count == 0)
		return true;
	if (merge->heads.heap[0].ts_ns < merge->watermark_ns)
		return false;
	if (merge->hurry == 0)
		return true;
	merge->hurry--;
	merge->early++;
	return false;
}

/* A merge_live merge cannot go back: what is older than what it has handed out is late. */
static void
count_late(struct merge *merge, struct input *feed)
{
	if (feed->packet.ts_ns < merge->newest_ns)
		feed->outcome.late++;
	else
		merge->newest_ns = feed->packet.ts_ns;
}

static enum source_event
merge_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct merge *merge = (struct merge *)source;
	struct input *feed;
	int rc = merge->why.text[0] ? -1 : 0;

	if (rc == 0 && merge->top_is_used)
		rc = move_on(merge);
	if (rc == 0 && merge->has_news)
		rc = ask_again(merge);
	if (rc == 0 && __builtin_expect(merge->waiting_count > 0, 0) && has_to_wait(merge)) {
		merge->has_news = true;
		return SOURCE_LATER;
	}
	if (rc == 0 && inputheap_is_empty(&merge->heads)) {
		rc = finish(merge);
		if (rc == 0)
			return SOURCE_END;
	}
	if (rc < 0) {
		if (why)
			*why = merge->why;
		return SOURCE_CUT;
	}
	feed = &merge->feeds[inputheap_top(&merge->heads)];
	merge->top_is_used = true;
	if (feed->is_note) {
		source->note = feed->input.source->note;
		return SOURCE_NOTE;
	}
	if (__builtin_expect(merge->roster.is_live, 0))
		count_late(merge, feed);
	*packet = feed->packet;
	return SOURCE_PACKET;
}

size_t
merge_batch(struct merge *merge, struct batch *stretch)
{
	stretch->count = 0;
	if (merge->why.text[0] || merge->roster.is_live || merge->has_ended ||
	    lookahead_pauses(&merge->sweep))
		return 0;
	if (merge->top_is_used && move_on(merge) < 0)
		return 0;
	if (merge->heads.alike_count || merge->heads.count == 0)
		return 0;
	if (lookahead_take(&merge->sweep, &merge->heads, &merge->roster, stretch) < 0)
		no_memory(&merge->why);
	return stretch->count;
}

/* Sorts the interfaces known so far, and tells every input their new numbers. */
static int
sort_interfaces(struct merge *merge)
{
	uint32_t *place = malloc((merge->roster.interface_count + 1) * sizeof(*place));
	int rc = place ? interfaces_sort(&merge->roster, place) : -1;

	for (size_t i = 0; rc == 0 && i < merge->feed_count; i++)
		input_renumber(&merge->feeds[i], place);
	free(place);
	return rc;
}

/* Reads each input's first head; has_head tells which have one. */
static int
read_first_heads(struct merge *merge, bool *has_head)
{
	for (size_t i = 0; i < merge->feed_count; i++) {
		struct input *feed = &merge->feeds[i];
		int more = 0;

		if (merge->roster.is_live) {
			merge->waiting[merge->waiting_count++] = (uint32_t)i;
			merge->has_news = true;
			continue;
		}
		if (merge->sorts_inputs && input_sort(feed, &merge->roster, &merge->why) < 0)
			return -1;
		more = advance(merge, feed);
		if (more < 0)
			return -1;
		has_head[i] = more > 0;
	}
	return 0;
}

int
merge_start(struct merge *merge, struct failure *why)
{
	bool *has_head = calloc(merge->feed_count + 1, sizeof(*has_head));
	int rc = 0;

	merge->waiting = calloc(merge->feed_count + 1, sizeof(*merge->waiting));
	if (!has_head || !merge->waiting ||
	    inputheap_init(&merge->heads, &merge->roster, merge->feeds, merge->feed_count) < 0 ||
	    (!merge->roster.is_live &&
	     lookahead_init(&merge->sweep, merge->feeds, merge->feed_count) < 0))
		rc = no_memory(why);
	if (rc == 0 && read_first_heads(merge, has_head) < 0) {
		*why = merge->why;
		rc = -1;
	}
	if (rc == 0 && sort_interfaces(merge) < 0)
		rc = no_memory(why);
	for (size_t i = 0; rc == 0 && i < merge->feed_count; i++)
		if (has_head[i])
			inputheap_push(&merge->heads, (uint32_t)i);
	free(has_head);
	return rc;
}

struct source *
merge_source(struct merge *merge)
{
	return &merge->source;
}

const struct merge_outcome *
merge_outcome(const struct merge *merge, size_t input)
{
	return &merge->feeds[input].outcome;
}

bool
merge_has_engine(const struct merge *merge, const char *engine)
{
	for (size_t i = 0; i < merge->roster.origin_count; i++) {
		const struct origin *origin = &merge->roster.origins[i];

		if (strcmp(origin->engine, engine) == 0 ||
		    (origin->via && strcmp(origin->via, engine) == 0))
			return true;
	}
	return false;
}

bool
merge_has_interface(const struct merge *merge, size_t input, const char *plain)
{
	const struct input *feed = &merge->feeds[input];

	for (uint32_t i = 0; i < feed->route_count; i++)
		if (strcmp(
			merge->roster.origins[merge->roster.homes[feed->routes[i].interface].origin]
			    .plain,
			plain) == 0)
			return true;
	return false;
}

bool
merge_waits_for(const struct merge *merge, size_t input)
{
	for (size_t i = 0; i < merge->waiting_count; i++)
		if (merge->waiting[i] == input)
			return true;
	return false;
}

bool
merge_holds(const struct merge *merge)
{
	return merge->heads.count > 0;
}

void
merge_stop_waiting_for(struct merge *merge, size_t input, bool is_excused)
{
	merge->feeds[input].is_excused = is_excused;
	merge->watermark_ns = INT64_MAX;
	for (size_t i = 0; i < merge->waiting_count; i++)
		lower_watermark(merge, &merge->feeds[merge->waiting[i]]);
}

void
merge_release_early(struct merge *merge, uint64_t packets)
{
	merge->hurry = packets;
}

uint64_t
merge_released_early(const struct merge *merge)
{
	return merge->early;
}

int64_t
merge_watermark(const struct merge *merge)
{
	return merge->watermark_ns;
}
