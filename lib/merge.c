/*
 * A binary heap of the inputs' heads. What is compared nearly always is the time, so the heap holds
 * the times themselves; everything else is looked up on a tie.
 *
 * The packet handed out stays where it is, in its source, until the next call: only then is its
 * input moved on.
 */
#include "merge.h"

#include "feed.h"
#include "roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct node {
	int64_t ts_ns;
	uint32_t feed;
};

struct merge {
	struct source source; /* first; its interfaces are the roster's */
	struct roster roster;
	struct feed *feeds;
	size_t feed_count;
	struct node *heap;
	size_t heap_count;
	bool sorts_inputs, stops_at_disorder;
	bool top_is_used; /* the head of heap[0] was handed out */
	bool has_ended;
	/* Live: inputs that have nothing now, and what the smallest of their promises is. */
	uint32_t *waiting;
	size_t waiting_count;
	int64_t watermark_ns; /* INT64_MAX: none is waited for */
	int64_t newest_ns;    /* handed out */
	bool has_news;        /* those that wait are to be asked again */
	uint64_t hurry;       /* packets to hand out before their turn */
	uint64_t early;       /* packets that were */
	/* Inputs whose heads are alike, taken out of the heap; the last of them is handed out. */
	uint32_t *alike;
	size_t alike_count;
	struct packet alike_packet; /* data and options are a copy, in alike_bytes */
	unsigned char *alike_bytes;
	struct failure why; /* of SOURCE_CUT */
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
		feed_release(&merge->feeds[i]);
	roster_release(&merge->roster);
	free(merge->feeds);
	free(merge->heap);
	free(merge->waiting);
	free(merge->alike);
	free(merge->alike_bytes);
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
	if (roster_grow(&merge->feeds, merge->feed_count, sizeof(*merge->feeds)) < 0)
		return no_memory(why);
	feed_init(&merge->feeds[merge->feed_count], input, merge->feed_count);
	merge->feed_count++;
	return 0;
}

int
merge_offset(struct merge *merge, const char *engine, int64_t offset_ns, struct failure *why)
{
	return roster_offset(&merge->roster, engine, offset_ns) < 0 ? no_memory(why) : 0;
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
merge_live(struct merge *merge)
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

/* Packets by everything but their times and places. */
static int
compare_contents(const struct merge *merge, const struct packet *a, const struct packet *b)
{
	int order = 0;

	if (a->iface != b->iface)
		order = roster_compare(&merge->roster.interfaces[a->iface],
				       &merge->roster.interfaces[b->iface]);
	if (order)
		return order;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	if (a->caplen != b->caplen)
		return a->caplen < b->caplen ? -1 : 1;
	if (a->flags != b->flags)
		return a->flags < b->flags ? -1 : 1;
	if (a->options_len != b->options_len)
		return a->options_len < b->options_len ? -1 : 1;
	if (a->caplen)
		order = memcmp(a->data, b->data, a->caplen);
	if (order == 0 && a->options_len)
		order = memcmp(a->options, b->options, a->options_len);
	return order;
}

static int
compare_notes(const struct note *a, const struct note *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return a->size ? memcmp(a->body, b->body, a->size) : 0;
}

/* Heads of the same time. */
static int
compare_tied(const struct merge *merge, const struct feed *a, const struct feed *b)
{
	int order = feed_compare_origins(&merge->roster, a->origin, b->origin);

	if (order)
		return order;
	if (a->packet.core != b->packet.core)
		return a->packet.core < b->packet.core ? -1 : 1;
	if (a->is_note != b->is_note)
		return a->is_note ? -1 : 1;
	if (a->is_note)
		return compare_notes(&a->input.source->note, &b->input.source->note);
	return compare_contents(merge, &a->packet, &b->packet);
}

static inline bool
is_before(const struct merge *merge, const struct node *a, const struct node *b)
{
	if (__builtin_expect(a->ts_ns != b->ts_ns, 1))
		return a->ts_ns < b->ts_ns;
	return compare_tied(merge, &merge->feeds[a->feed], &merge->feeds[b->feed]) < 0;
}

/* Moves node down from the hole at i to where it belongs. */
static void
sift_down(struct merge *merge, size_t i, struct node node)
{
	struct node *heap = merge->heap;
	const size_t count = merge->heap_count;

	for (size_t child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && is_before(merge, &heap[child + 1], &heap[child]))
			child++;
		if (!is_before(merge, &heap[child], &node))
			break;
		heap[i] = heap[child];
	}
	heap[i] = node;
}

static void
push(struct merge *merge, uint32_t feed)
{
	const struct node node = {merge->feeds[feed].packet.ts_ns, feed};
	size_t i = merge->heap_count++;

	for (size_t parent; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (!is_before(merge, &node, &merge->heap[parent]))
			break;
		merge->heap[i] = merge->heap[parent];
	}
	merge->heap[i] = node;
}

static void
remove_top(struct merge *merge)
{
	const struct node last = merge->heap[--merge->heap_count];

	if (merge->heap_count)
		sift_down(merge, 0, last);
}

static void
lower_watermark(struct merge *merge, const struct feed *feed)
{
	if (!feed->is_excused && feed->promise_ns < merge->watermark_ns)
		merge->watermark_ns = feed->promise_ns;
}

/* Moves an input on. 1, 0 if it has no head now, or -1 if the merge cannot go on. */
static int
advance(struct merge *merge, struct feed *feed)
{
	int more = feed_advance(feed, &merge->roster, &merge->why);

	show_interfaces(merge);
	if (__builtin_expect(more == FEED_LATER, 0)) {
		merge->waiting[merge->waiting_count++] = (uint32_t)feed->number;
		lower_watermark(merge, feed);
		return 0;
	}
	if (__builtin_expect(feed->is_disordered, 0) && merge->stops_at_disorder && !feed->index)
		return failure_set(&merge->why, "'%s' is not in order", feed->input.name);
	return more;
}

/* Keeps a copy of the head that several inputs have alike. */
static int
copy_alike(struct merge *merge, const struct packet *packet)
{
	unsigned char *bytes =
	    realloc(merge->alike_bytes, (size_t)packet->caplen + packet->options_len + 1);

	if (!bytes)
		return no_memory(&merge->why);
	merge->alike_bytes = bytes;
	merge->alike_packet = *packet;
	merge->alike_packet.data = bytes;
	merge->alike_packet.options = bytes + packet->caplen;
	if (packet->caplen)
		memcpy(bytes, packet->data, packet->caplen);
	if (packet->options_len)
		memcpy(bytes + packet->caplen, packet->options, packet->options_len);
	return 0;
}

#define NO_INTERFACE UINT32_MAX

/* The head, a note in the shape of a packet: of no interface, its origin in flags, its type in len.
 */
static struct packet
head_of(const struct feed *feed)
{
	const struct note *note = &feed->input.source->note;
	struct packet head = feed->packet;

	if (feed->is_note) {
		head.iface = NO_INTERFACE;
		head.flags = feed->origin;
		head.len = note->type;
		head.data = note->body;
		head.caplen = note->size;
		head.options_len = 0;
	}
	return head;
}

static bool
is_alike_note(const struct merge *merge, const struct feed *feed, const struct packet *packet)
{
	const struct note *note = &feed->input.source->note;

	return packet->iface == NO_INTERFACE && feed->packet.ts_ns == packet->ts_ns &&
	       feed->packet.core == packet->core &&
	       feed_compare_origins(&merge->roster, feed->origin, packet->flags) == 0 &&
	       note->type == packet->len && note->size == packet->caplen &&
	       (note->size == 0 || memcmp(note->body, packet->data, note->size) == 0);
}

static bool
is_alike(const struct merge *merge, const struct feed *feed, const struct packet *packet)
{
	if (feed->is_note)
		return is_alike_note(merge, feed, packet);
	return packet->iface != NO_INTERFACE && feed->packet.ts_ns == packet->ts_ns &&
	       feed->packet.core == packet->core &&
	       compare_contents(merge, &feed->packet, packet) == 0;
}

/* Whether another input's head is the same as the top's. It would then be a child. */
static bool
top_has_twin(const struct merge *merge)
{
	const struct node *heap = merge->heap;
	const struct feed *top = &merge->feeds[heap[0].feed];

	for (size_t i = 1; i < 3 && i < merge->heap_count; i++)
		if (__builtin_expect(heap[i].ts_ns == heap[0].ts_ns, 0)) {
			const struct packet head = head_of(top);

			if (is_alike(merge, &merge->feeds[heap[i].feed], &head))
				return true;
		}
	return false;
}

/*
 * Packets, and notes, that are the same in several inputs. Which of the inputs moves on first would
 * decide what it is that follows; so all of them hand theirs out, as often as each has it in a row,
 * before anything else is considered.
 */
static int
gather_alike(struct merge *merge)
{
	const uint32_t used = merge->heap[0].feed;
	const struct packet head = head_of(&merge->feeds[used]);

	if (copy_alike(merge, &head) < 0)
		return -1;
	remove_top(merge);
	while (merge->heap_count &&
	       is_alike(merge, &merge->feeds[merge->heap[0].feed], &merge->alike_packet)) {
		merge->alike[merge->alike_count++] = merge->heap[0].feed;
		remove_top(merge);
	}
	merge->alike[merge->alike_count++] = used;
	return 0;
}

/* Moves on the last of those that are alike, whose head was handed out. */
static int
advance_alike(struct merge *merge)
{
	const uint32_t id = merge->alike[merge->alike_count - 1];
	struct feed *feed = &merge->feeds[id];
	int more = advance(merge, feed);

	if (more > 0 && is_alike(merge, feed, &merge->alike_packet))
		return 0;
	merge->alike_count--;
	if (more > 0)
		push(merge, id);
	return more < 0 ? -1 : 0;
}

/* Moves on the input whose head was handed out. */
static int
move_on(struct merge *merge)
{
	struct node top;
	int more;

	merge->top_is_used = false;
	if (merge->alike_count == 0 && top_has_twin(merge) && gather_alike(merge) < 0)
		return -1;
	if (merge->alike_count)
		return advance_alike(merge);
	top = merge->heap[0];
	more = advance(merge, &merge->feeds[top.feed]);
	if (more < 0)
		return -1;
	if (more == 0) {
		remove_top(merge);
		return 0;
	}
	top.ts_ns = merge->feeds[top.feed].packet.ts_ns;
	sift_down(merge, 0, top);
	return 0;
}

static int
finish(struct merge *merge)
{
	if (!merge->has_ended && roster_finish(&merge->roster) < 0)
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
			push(merge, id);
	}
	return 0;
}

/* Whether the oldest head has to wait for inputs that might still bring something older. */
static bool
has_to_wait(struct merge *merge)
{
	if (merge->alike_count || merge->waiting_count == 0)
		return false;
	if (merge->heap_count == 0)
		return true;
	if (merge->heap[0].ts_ns < merge->watermark_ns)
		return false;
	if (merge->hurry == 0)
		return true;
	merge->hurry--;
	merge->early++;
	return false;
}

/* A live merge cannot go back: what is older than what it has handed out is late. */
static void
count_late(struct merge *merge, struct feed *feed)
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
	struct feed *feed;
	int rc = merge->why.text[0] ? -1 : 0;

	if (rc == 0 && merge->top_is_used)
		rc = move_on(merge);
	if (rc == 0 && merge->has_news)
		rc = ask_again(merge);
	if (rc == 0 && __builtin_expect(merge->waiting_count > 0, 0) && has_to_wait(merge)) {
		merge->has_news = true;
		return SOURCE_LATER;
	}
	if (rc == 0 && merge->alike_count == 0 && merge->heap_count == 0) {
		rc = finish(merge);
		if (rc == 0)
			return SOURCE_END;
	}
	if (rc < 0) {
		if (why)
			*why = merge->why;
		return SOURCE_CUT;
	}
	feed = &merge->feeds[merge->alike_count ? merge->alike[merge->alike_count - 1]
						: merge->heap[0].feed];
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

/* Sorts the interfaces known so far, and tells every input their new numbers. */
static int
sort_interfaces(struct merge *merge)
{
	uint32_t *place = malloc((merge->roster.interface_count + 1) * sizeof(*place));
	int rc = place ? roster_sort(&merge->roster, place) : -1;

	for (size_t i = 0; rc == 0 && i < merge->feed_count; i++)
		feed_renumber(&merge->feeds[i], place);
	free(place);
	return rc;
}

/* Reads each input's first head; has_head tells which have one. */
static int
read_first_heads(struct merge *merge, bool *has_head)
{
	for (size_t i = 0; i < merge->feed_count; i++) {
		struct feed *feed = &merge->feeds[i];
		int more = 0;

		if (merge->roster.is_live) {
			merge->waiting[merge->waiting_count++] = (uint32_t)i;
			merge->has_news = true;
			continue;
		}
		if (merge->sorts_inputs && feed_sort(feed, &merge->roster, &merge->why) < 0)
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

	merge->heap = calloc(merge->feed_count + 1, sizeof(*merge->heap));
	merge->alike = calloc(merge->feed_count + 1, sizeof(*merge->alike));
	merge->waiting = calloc(merge->feed_count + 1, sizeof(*merge->waiting));
	if (!has_head || !merge->heap || !merge->alike || !merge->waiting)
		rc = no_memory(why);
	if (rc == 0 && read_first_heads(merge, has_head) < 0) {
		*why = merge->why;
		rc = -1;
	}
	if (rc == 0 && sort_interfaces(merge) < 0)
		rc = no_memory(why);
	for (size_t i = 0; rc == 0 && i < merge->feed_count; i++)
		if (has_head[i])
			push(merge, (uint32_t)i);
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
	for (size_t i = 0; i < merge->roster.origin_count; i++)
		if (strcmp(merge->roster.origins[i].engine, engine) == 0)
			return true;
	return false;
}

bool
merge_has_interface(const struct merge *merge, size_t input, const char *plain)
{
	const struct feed *feed = &merge->feeds[input];

	for (uint32_t i = 0; i < feed->route_count; i++)
		if (strcmp(merge->roster.origins[feed->routes[i].origin].plain, plain) == 0)
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
	return merge->heap_count > 0;
}

void
merge_excuse(struct merge *merge, size_t input, bool is_excused)
{
	merge->feeds[input].is_excused = is_excused;
	merge->watermark_ns = INT64_MAX;
	for (size_t i = 0; i < merge->waiting_count; i++)
		lower_watermark(merge, &merge->feeds[merge->waiting[i]]);
}

void
merge_hurry(struct merge *merge, uint64_t packets)
{
	merge->hurry = packets;
}

uint64_t
merge_early(const struct merge *merge)
{
	return merge->early;
}

int64_t
merge_promise(const struct merge *merge)
{
	return merge->watermark_ns;
}
