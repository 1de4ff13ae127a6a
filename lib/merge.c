/*
 * A binary heap of the inputs' heads. What is compared nearly always is the time, so the heap holds
 * the times themselves; everything else is looked up on a tie.
 *
 * The packet handed out stays where it is, in its source, until the next call: only then is its
 * input moved on.
 */
#include "merge.h"

#include "pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An interface of an engine, whatever the side. */
struct origin {
	char *plain; /* "ENGINE/IFACE" */
	char *engine;
	int64_t offset_ns;
	int64_t newest_ns; /* of its packets; INT64_MIN if none */
	uint16_t linktype;
};

/* Where an interface of an input goes. */
struct route {
	uint32_t interface; /* of the merge */
	uint32_t origin;
};

/* The newest counters of one core, from one input. */
struct tally {
	uint32_t origin;
	uint32_t core; /* PACKET_NO_CORE: the whole input's */
	size_t input;
	struct statistics statistics;
};

struct feed {
	struct merge_input input;
	struct route *routes; /* by interface of the source */
	uint32_t route_count;
	/* The head: a packet, or a note that came after `packet` and has its place. */
	bool is_note;
	struct packet packet; /* with the merge's interface and the offset applied */
	uint32_t origin;      /* of the packet */
	struct merge_outcome outcome;
};

struct node {
	int64_t ts_ns;
	uint32_t feed;
};

struct offset {
	char *engine;
	int64_t ns;
};

struct merge {
	struct source source; /* first */
	struct feed *feeds;
	size_t feed_count;
	struct node *heap;
	size_t heap_count;
	struct origin *origins;
	size_t origin_count;
	struct tally *tallies;
	size_t tally_count;
	struct offset *offsets;
	size_t offset_count;
	size_t first_with_link; /* the input whose link type counts */
	bool top_is_used;       /* the head of heap[0] was handed out */
	bool has_ended;
	bool mixes_linktypes;
	/* Inputs whose heads are alike, taken out of the heap; the last of them was handed out. */
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
	return merge;
}

void
merge_free(struct merge *merge)
{
	if (!merge)
		return;
	for (size_t i = 0; i < merge->feed_count; i++)
		free(merge->feeds[i].routes);
	for (size_t i = 0; i < merge->origin_count; i++) {
		free(merge->origins[i].plain);
		free(merge->origins[i].engine);
	}
	for (size_t i = 0; i < merge->offset_count; i++)
		free(merge->offsets[i].engine);
	for (uint32_t i = 0; i < merge->source.interface_count; i++) {
		free(merge->source.interfaces[i].name);
		free(merge->source.interfaces[i].description);
		free(merge->source.interfaces[i].filter);
		free(merge->source.interfaces[i].options);
	}
	free(merge->source.interfaces);
	free(merge->feeds);
	free(merge->heap);
	free(merge->origins);
	free(merge->tallies);
	free(merge->offsets);
	free(merge->alike);
	free(merge->alike_bytes);
	free(merge);
}

/* Makes room for one more element of size bytes in the array *list of count; rooms are powers of
 * two. */
static int
grow(void *list, size_t count, size_t size)
{
	void **array = list, *larger;

	if (count & (count - 1) || (*array && count == 0))
		return 0;
	larger = realloc(*array, (count ? 2 * count : 1) * size);
	if (!larger)
		return -1;
	*array = larger;
	return 0;
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
	if (grow(&merge->feeds, merge->feed_count, sizeof(*merge->feeds)) < 0)
		return no_memory(why);
	merge->feeds[merge->feed_count++] = (struct feed){
	    .input = *input,
	    .packet = {.ts_ns = INT64_MIN, .core = PACKET_NO_CORE},
	    .origin = UINT32_MAX,
	};
	return 0;
}

int
merge_offset(struct merge *merge, const char *engine, int64_t offset_ns, struct failure *why)
{
	char *copy;

	if (grow(&merge->offsets, merge->offset_count, sizeof(*merge->offsets)) < 0)
		return no_memory(why);
	copy = strdup(engine);
	if (!copy)
		return no_memory(why);
	merge->offsets[merge->offset_count].engine = copy;
	merge->offsets[merge->offset_count++].ns = offset_ns;
	return 0;
}

void
merge_mix_linktypes(struct merge *merge)
{
	merge->mixes_linktypes = true;
}

/* A time moved by an offset; at the ends of what int64_t holds it stays there. */
static int64_t
shifted(int64_t ts_ns, int64_t offset_ns)
{
	int64_t sum;

	if (!__builtin_add_overflow(ts_ns, offset_ns, &sum))
		return sum;
	return offset_ns < 0 ? INT64_MIN + 1 : INT64_MAX;
}

static int
compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* The order of interfaces in the output; 0 for those that share a place. */
static int
compare_interfaces(const struct interface *a, const struct interface *b)
{
	int order = compare_text(a->name, b->name);

	order = order ? order : compare_text(a->description, b->description);
	order = order ? order : compare_text(a->filter, b->filter);
	order = order ? order : (a->speed > b->speed) - (a->speed < b->speed);
	if (order == 0 && a->options_len != b->options_len)
		order = a->options_len < b->options_len ? -1 : 1;
	if (order == 0 && a->options_len)
		order = memcmp(a->options, b->options, a->options_len);
	return order;
}

static char *
copy_text(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

/* Adds a copy of the interface, with this name, to the merge's. */
static int
add_interface(struct merge *merge, const struct interface *interface, const char *name)
{
	struct interface *copy;
	bool failed = false;

	if (grow(&merge->source.interfaces, merge->source.interface_count, sizeof(*copy)) < 0)
		return -1;
	copy = &merge->source.interfaces[merge->source.interface_count];
	*copy = *interface;
	copy->name = copy_text(name, &failed);
	copy->description = copy_text(interface->description, &failed);
	copy->filter = copy_text(interface->filter, &failed);
	copy->statistics = (struct statistics){0};
	if (interface->options_len) {
		copy->options = malloc(interface->options_len);
		failed |= !copy->options;
		if (copy->options)
			memcpy(copy->options, interface->options, interface->options_len);
	}
	if (failed) {
		free(copy->name);
		free(copy->description);
		free(copy->filter);
		free(copy->options);
		return -1;
	}
	merge->source.interface_count++;
	return 0;
}

static int
find_origin(struct merge *merge, const struct label *label, uint16_t linktype, uint32_t *id)
{
	char *plain = label_format(label, NULL);
	struct origin *origin;

	if (!plain)
		return -1;
	for (size_t i = 0; i < merge->origin_count; i++)
		if (strcmp(merge->origins[i].plain, plain) == 0) {
			free(plain);
			*id = (uint32_t)i;
			return 0;
		}
	if (grow(&merge->origins, merge->origin_count, sizeof(*origin)) < 0) {
		free(plain);
		return -1;
	}
	origin = &merge->origins[merge->origin_count];
	*origin = (struct origin){.plain = plain,
				  .engine = strdup(label->engine),
				  .newest_ns = INT64_MIN,
				  .linktype = linktype};
	if (!origin->engine) {
		free(plain);
		return -1;
	}
	for (size_t i = 0; i < merge->offset_count; i++)
		if (strcmp(merge->offsets[i].engine, label->engine) == 0)
			origin->offset_ns = merge->offsets[i].ns;
	*id = (uint32_t)merge->origin_count++;
	return 0;
}

static int
find_interface(struct merge *merge, const struct interface *interface, const struct label *label,
	       uint32_t *id)
{
	struct interface named = *interface;
	int rc = 0;

	named.name = label_format(label, label->side);
	if (!named.name)
		return -1;
	for (*id = 0; *id < merge->source.interface_count; (*id)++)
		if (compare_interfaces(&merge->source.interfaces[*id], &named) == 0)
			break;
	if (*id == merge->source.interface_count)
		rc = add_interface(merge, interface, named.name);
	free(named.name);
	return rc;
}

/* Two link types in one file cannot be read by libpcap. */
static int
check_linktype(struct merge *merge, const struct feed *feed, const struct interface *interface,
	       struct failure *why)
{
	if (merge->source.interface_count == 0)
		merge->first_with_link = (size_t)(feed - merge->feeds);
	else if (!merge->mixes_linktypes &&
		 merge->source.interfaces[0].linktype != interface->linktype)
		return failure_set(why, "'%s' and '%s' are of different link types (%u and %u)",
				   merge->feeds[merge->first_with_link].input.name,
				   feed->input.name, merge->source.interfaces[0].linktype,
				   interface->linktype);
	return 0;
}

/* Gives the feed's interfaces that are new their places. */
static int
follow_interfaces(struct merge *merge, struct feed *feed, struct failure *why)
{
	const struct source *source = feed->input.source;
	struct route *routes =
	    realloc(feed->routes, source->interface_count * sizeof(*feed->routes));

	if (!routes)
		return no_memory(why);
	feed->routes = routes;
	for (; feed->route_count < source->interface_count; feed->route_count++) {
		const struct interface *interface = &source->interfaces[feed->route_count];
		struct route *route = &routes[feed->route_count];
		struct label label;
		int rc;

		if (check_linktype(merge, feed, interface, why) < 0)
			return -1;
		if (label_of(&label, interface, &feed->input.hint) < 0)
			return no_memory(why);
		rc = find_origin(merge, &label, interface->linktype, &route->origin);
		if (rc == 0)
			rc = find_interface(merge, interface, &label, &route->interface);
		label_release(&label);
		if (rc < 0)
			return no_memory(why);
	}
	return 0;
}

/* Keeps the newest of a core: across the files of one capture where the core is known, else of each
 * input. */
static int
keep_statistics(struct merge *merge, const struct feed *feed, uint32_t id, struct failure *why)
{
	struct statistics statistics = feed->input.source->interfaces[id].statistics;
	const uint32_t origin = feed->routes[id].origin;
	const size_t input = (size_t)(feed - merge->feeds);
	const int64_t offset_ns = merge->origins[origin].offset_ns;
	struct tally *tally;

	statistics.ts_ns = shifted(statistics.ts_ns, offset_ns);
	if (statistics.start_ns != INT64_MIN)
		statistics.start_ns = shifted(statistics.start_ns, offset_ns);
	if (statistics.end_ns != INT64_MIN)
		statistics.end_ns = shifted(statistics.end_ns, offset_ns);
	for (size_t i = 0; i < merge->tally_count; i++) {
		tally = &merge->tallies[i];
		if (tally->origin == origin && tally->core == statistics.core &&
		    tally->statistics.start_ns == statistics.start_ns &&
		    (tally->input == input || tally->core != PACKET_NO_CORE)) {
			if (statistics.ts_ns >= tally->statistics.ts_ns)
				tally->statistics = statistics;
			return 0;
		}
	}
	if (grow(&merge->tallies, merge->tally_count, sizeof(*tally)) < 0)
		return no_memory(why);
	merge->tallies[merge->tally_count++] =
	    (struct tally){origin, statistics.core, input, statistics};
	return 0;
}

static void
add_counter(uint64_t *sum, uint64_t value)
{
	if (value != STATISTICS_UNKNOWN)
		*sum = *sum == STATISTICS_UNKNOWN ? value : *sum + value;
}

static void
add_statistics(struct statistics *sum, const struct statistics *s)
{
	if (s->start_ns != INT64_MIN && (sum->start_ns == INT64_MIN || s->start_ns < sum->start_ns))
		sum->start_ns = s->start_ns;
	if (s->end_ns > sum->end_ns)
		sum->end_ns = s->end_ns;
	if (s->ts_ns > sum->ts_ns)
		sum->ts_ns = s->ts_ns;
	add_counter(&sum->received, s->received);
	add_counter(&sum->dropped, s->dropped);
	add_counter(&sum->accepted, s->accepted);
}

/* The statistics of an origin; those that no input gave an end still get one: the output is
 * complete, and says so. */
static struct statistics
statistics_of(const struct merge *merge, uint32_t origin)
{
	const int64_t newest_ns = merge->origins[origin].newest_ns;
	struct statistics sum = {.ts_ns = INT64_MIN,
				 .start_ns = INT64_MIN,
				 .end_ns = INT64_MIN,
				 .received = STATISTICS_UNKNOWN,
				 .dropped = STATISTICS_UNKNOWN,
				 .accepted = STATISTICS_UNKNOWN,
				 .core = PACKET_NO_CORE,
				 .valid = true};

	for (size_t i = 0; i < merge->tally_count; i++)
		if (merge->tallies[i].origin == origin)
			add_statistics(&sum, &merge->tallies[i].statistics);
	if (sum.end_ns == INT64_MIN)
		sum.end_ns = newest_ns > sum.ts_ns ? newest_ns : sum.ts_ns;
	if (sum.end_ns < 0)
		sum.end_ns = 0;
	if (sum.ts_ns < 0)
		sum.ts_ns = sum.end_ns;
	return sum;
}

/* Puts each origin's statistics on the first interface of its name, which is made if there is none
 * but those with a side. */
static int
finish_statistics(struct merge *merge)
{
	for (uint32_t i = 0; i < merge->origin_count; i++) {
		const struct origin *origin = &merge->origins[i];
		const struct interface plain = {.linktype = origin->linktype};
		uint32_t id = 0;

		while (id < merge->source.interface_count &&
		       strcmp(merge->source.interfaces[id].name, origin->plain) != 0)
			id++;
		if (id == merge->source.interface_count &&
		    add_interface(merge, &plain, origin->plain) < 0)
			return -1;
		merge->source.interfaces[id].statistics = statistics_of(merge, i);
	}
	return 0;
}

/* Packets by everything but their times and places. */
static int
compare_contents(const struct merge *merge, const struct packet *a, const struct packet *b)
{
	int order = 0;

	if (a->iface != b->iface)
		order = compare_interfaces(&merge->source.interfaces[a->iface],
					   &merge->source.interfaces[b->iface]);
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

static const char *
engine_of(const struct merge *merge, uint32_t origin)
{
	return origin == UINT32_MAX ? "" : merge->origins[origin].engine;
}

/* Heads of the same time. */
static int
compare_tied(const struct merge *merge, const struct feed *a, const struct feed *b)
{
	int order = 0;

	if (a->origin != b->origin)
		order = strcmp(engine_of(merge, a->origin), engine_of(merge, b->origin));
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
take_packet(struct merge *merge, struct feed *feed, const struct packet *packet)
{
	const struct route *route = &feed->routes[packet->iface];
	struct origin *origin = &merge->origins[route->origin];
	const int64_t before_ns = feed->packet.ts_ns;

	feed->is_note = false;
	feed->origin = route->origin;
	feed->packet = *packet;
	feed->packet.iface = route->interface;
	feed->packet.ts_ns = shifted(packet->ts_ns, origin->offset_ns);
	if (feed->packet.ts_ns < before_ns)
		feed->outcome.late++;
	if (feed->packet.ts_ns > origin->newest_ns)
		origin->newest_ns = feed->packet.ts_ns;
}

/* Whether a block may stand in another file. */
static bool
is_copyable(const struct note *note)
{
	return !note->foreign && note->type != PCAPNG_SHB && note->type != PCAPNG_CUSTOM_NOCOPY;
}

/* Reads the feed's next head. 1, or 0 at its end, or -1 if the merge cannot go on. */
static int
advance(struct merge *merge, struct feed *feed)
{
	struct source *source = feed->input.source;

	for (;;) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, &feed->outcome.why);

		if (feed->route_count < source->interface_count &&
		    follow_interfaces(merge, feed, &merge->why) < 0)
			return -1;
		switch (event) {
		case SOURCE_PACKET: take_packet(merge, feed, &packet); return 1;
		case SOURCE_STATISTICS:
			if (keep_statistics(merge, feed, packet.iface, &merge->why) < 0)
				return -1;
			break;
		case SOURCE_NOTE:
			feed->is_note = is_copyable(&source->note);
			if (feed->is_note)
				return 1;
			break;
		case SOURCE_CUT: feed->outcome.is_cut = true; return 0;
		case SOURCE_END: return 0;
		}
	}
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

static bool
is_alike(const struct merge *merge, const struct feed *feed, const struct packet *packet)
{
	return !feed->is_note && feed->packet.ts_ns == packet->ts_ns &&
	       feed->packet.core == packet->core &&
	       compare_contents(merge, &feed->packet, packet) == 0;
}

/* Whether another input's head is the same packet as the top's. It would then be a child. */
static bool
top_has_twin(const struct merge *merge)
{
	const struct node *heap = merge->heap;
	const struct feed *top = &merge->feeds[heap[0].feed];

	for (size_t i = 1; i < 3 && i < merge->heap_count; i++)
		if (heap[i].ts_ns == heap[0].ts_ns && !top->is_note &&
		    is_alike(merge, &merge->feeds[heap[i].feed], &top->packet))
			return true;
	return false;
}

/*
 * Packets that are the same in several inputs. Which of the inputs moves on first would decide what
 * it is that follows; so all of them hand out the packet, as often as each has it in a row, before
 * anything else is considered.
 */
static int
gather_alike(struct merge *merge)
{
	const uint32_t used = merge->heap[0].feed;

	if (copy_alike(merge, &merge->feeds[used].packet) < 0)
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

static enum source_event
merge_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct merge *merge = (struct merge *)source;
	struct feed *feed;

	if (merge->top_is_used && move_on(merge) < 0)
		merge->has_ended = true;
	if (merge->why.text[0]) {
		if (why)
			*why = merge->why;
		return SOURCE_CUT;
	}
	if (merge->alike_count == 0 && merge->heap_count == 0) {
		if (!merge->has_ended && finish_statistics(merge) < 0) {
			no_memory(&merge->why);
			return merge_next(source, packet, why);
		}
		merge->has_ended = true;
		return SOURCE_END;
	}
	feed = &merge->feeds[merge->alike_count ? merge->alike[merge->alike_count - 1]
						: merge->heap[0].feed];
	merge->top_is_used = true;
	if (feed->is_note) {
		source->note = feed->input.source->note;
		return SOURCE_NOTE;
	}
	*packet = feed->packet;
	return SOURCE_PACKET;
}

static int
compare_ids(const void *a, const void *b, void *interfaces)
{
	const struct interface *list = interfaces;

	return compare_interfaces(&list[*(const uint32_t *)a], &list[*(const uint32_t *)b]);
}

/* Sorts the interfaces known so far, and tells everyone their new places. */
static int
sort_interfaces(struct merge *merge)
{
	const uint32_t count = merge->source.interface_count;
	struct interface *sorted = malloc((count + 1) * sizeof(*sorted));
	uint32_t *order = malloc((count + 1) * sizeof(*order));
	uint32_t *place = malloc((count + 1) * sizeof(*place));
	int rc = sorted && order && place ? 0 : -1;

	if (rc == 0) {
		for (uint32_t i = 0; i < count; i++)
			order[i] = i;
		qsort_r(order, count, sizeof(*order), compare_ids, merge->source.interfaces);
		for (uint32_t i = 0; i < count; i++) {
			sorted[i] = merge->source.interfaces[order[i]];
			place[order[i]] = i;
		}
		if (count)
			memcpy(merge->source.interfaces, sorted, count * sizeof(*sorted));
		for (size_t f = 0; f < merge->feed_count; f++) {
			struct feed *feed = &merge->feeds[f];

			for (uint32_t i = 0; i < feed->route_count; i++)
				feed->routes[i].interface = place[feed->routes[i].interface];
			if (feed->origin != UINT32_MAX)
				feed->packet.iface = place[feed->packet.iface];
		}
	}
	free(sorted);
	free(order);
	free(place);
	return rc;
}

int
merge_start(struct merge *merge, struct failure *why)
{
	bool *has_head = calloc(merge->feed_count + 1, sizeof(*has_head));
	int rc = 0;

	merge->heap = calloc(merge->feed_count + 1, sizeof(*merge->heap));
	merge->alike = calloc(merge->feed_count + 1, sizeof(*merge->alike));
	if (!has_head || !merge->heap || !merge->alike)
		rc = no_memory(why);
	for (size_t i = 0; rc == 0 && i < merge->feed_count; i++) {
		int more = advance(merge, &merge->feeds[i]);

		has_head[i] = more > 0;
		if (more < 0) {
			*why = merge->why;
			rc = -1;
		}
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
	for (size_t i = 0; i < merge->origin_count; i++)
		if (strcmp(merge->origins[i].engine, engine) == 0)
			return true;
	return false;
}

bool
merge_has_interface(const struct merge *merge, size_t input, const char *plain)
{
	const struct feed *feed = &merge->feeds[input];

	for (uint32_t i = 0; i < feed->route_count; i++)
		if (strcmp(merge->origins[feed->routes[i].origin].plain, plain) == 0)
			return true;
	return false;
}
