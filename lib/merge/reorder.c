/*
 * A binary heap of copies, the oldest on top; packets of one time are sorted by engine and core, and a number makes
 * those of the same core keep their order.
 * The top is yielded once a packet has been read that is newer by the window, since what is older
 * than that by the window is not expected any more. A packet older than that passes at once, late.
 * A note is kept with the newest packet's time, so that it stays behind that packet: packets of one time are
 * sorted between notes only.
 */
#include "merge/reorder.h"

#include "base/array.h"
#include "base/heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A packet, or a note with the time of the packet before it. The bytes follow it. */
struct buffered {
	int64_t ts_ns;
	uint64_t number; /* in the other source */
	uint64_t notes;  /* how many came before, this one included */
	bool is_note;
	const char *engine; /* the reorder's */
	struct packet packet;
	struct note note;
	size_t size;
	unsigned char bytes[];
};

struct reorder {
	struct source source; /* first */
	struct source *from;
	int64_t window_ns;
	struct buffered **heap; /* the oldest is heap[0] */
	size_t count, room, bytes;
	uint64_t next_number, notes;
	int64_t newest_ns;
	/* Of the interfaces that packets have had. */
	struct label_hint hint;
	char **engines; /* heap, owned, as is each */
	uint32_t engine_count;
	struct buffered *yielded; /* what was handed out last */
	/* How the other source ended, if it did. */
	bool has_ended;
	enum source_event end;
	struct failure why;
};

static enum source_event reorder_next(struct source *, struct packet *, struct failure *);

static void
show_interfaces(struct reorder *reorder)
{
	reorder->source.interfaces = reorder->from->interfaces;
	reorder->source.interface_count = reorder->from->interface_count;
	reorder->source.from_vcap = reorder->from->from_vcap;
}

struct reorder *
reorder_new(struct source *from, const struct label_hint *hint, int64_t window_ns,
	    struct failure *why)
{
	struct reorder *reorder = calloc(1, sizeof(*reorder));

	if (!reorder) {
		failure_nomem(why);
		return NULL;
	}
	reorder->source.next = reorder_next;
	reorder->from = from;
	reorder->hint = *hint;
	reorder->window_ns = window_ns;
	reorder->newest_ns = INT64_MIN;
	show_interfaces(reorder);
	return reorder;
}

void
reorder_free(struct reorder *reorder)
{
	if (!reorder)
		return;
	for (size_t i = 0; i < reorder->count; i++)
		free(reorder->heap[i]);
	for (uint32_t i = 0; i < reorder->engine_count; i++)
		free(reorder->engines[i]);
	free(reorder->engines);
	free(reorder->heap);
	free(reorder->yielded);
	free(reorder);
}

struct source *
reorder_source(struct reorder *reorder)
{
	return &reorder->source;
}

static bool
is_before(const struct buffered *a, const struct buffered *b)
{
	int order;

	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns;
	if (a->notes != b->notes)
		return a->notes < b->notes;
	if (a->is_note || b->is_note)
		return a->is_note;
	order = strcmp(a->engine, b->engine);
	if (order != 0)
		return order < 0;
	return a->packet.core != b->packet.core ? a->packet.core < b->packet.core
						: a->number < b->number;
}

HEAP_DEFINE(buffered_heap, struct buffered *, is_before);

/* -1: out of memory; the entry remains the caller's. */
static int
push(struct reorder *reorder, struct buffered *entry)
{
	if (reorder->count == reorder->room) {
		size_t room = reorder->room ? 2 * reorder->room : 64;
		struct buffered **heap = realloc(reorder->heap, room * sizeof(struct buffered *));

		if (!heap)
			return -1;
		reorder->heap = heap;
		reorder->room = room;
	}
	buffered_heap_push(reorder->heap, &reorder->count, entry);
	reorder->bytes += sizeof(*entry) + entry->size;
	return 0;
}

static struct buffered *
pop(struct reorder *reorder)
{
	struct buffered *oldest = buffered_heap_pop(reorder->heap, &reorder->count);

	reorder->bytes -= sizeof(*oldest) + oldest->size;
	return oldest;
}

/* Finds the engines of the interfaces that are new. -1: out of memory. */
static int
find_engines(struct reorder *reorder)
{
	const struct source *from = reorder->from;
	struct label label;

	reorder->hint.from_vcap = from->from_vcap;
	while (reorder->engine_count < from->interface_count) {
		const uint32_t i = reorder->engine_count;

		if (array_grow(&reorder->engines, i, sizeof(*reorder->engines)) < 0 ||
		    label_of(&label, &from->interfaces[i], &reorder->hint) < 0)
			return -1;
		reorder->engines[i] = strdup(label.engine);
		label_release(&label);
		if (!reorder->engines[i])
			return -1;
		reorder->engine_count++;
	}
	return 0;
}

static int
hold_packet(struct reorder *reorder, const struct packet *packet)
{
	size_t size = (size_t)packet->caplen + packet->options_len;
	struct buffered *entry = find_engines(reorder) < 0 ? NULL : malloc(sizeof(*entry) + size);

	if (!entry)
		return -1;
	*entry = (struct buffered){.ts_ns = packet->ts_ns,
				   .number = reorder->next_number++,
				   .notes = reorder->notes,
				   .engine = reorder->engines[packet->iface],
				   .packet = *packet,
				   .size = size};
	entry->packet.data = entry->bytes;
	entry->packet.options = entry->bytes + packet->caplen;
	if (packet->caplen)
		memcpy(entry->bytes, packet->data, packet->caplen);
	if (packet->options_len)
		memcpy(entry->bytes + packet->caplen, packet->options, packet->options_len);
	if (packet->ts_ns > reorder->newest_ns)
		reorder->newest_ns = packet->ts_ns;
	if (push(reorder, entry) == 0)
		return 0;
	free(entry);
	return -1;
}

static int
hold_note(struct reorder *reorder)
{
	const struct note *note = &reorder->from->note;
	struct buffered *entry = malloc(sizeof(*entry) + note->size);

	if (!entry)
		return -1;
	*entry = (struct buffered){.ts_ns = reorder->newest_ns,
				   .number = reorder->next_number++,
				   .notes = ++reorder->notes,
				   .is_note = true,
				   .note = *note,
				   .size = note->size};
	entry->note.body = entry->bytes;
	if (note->size)
		memcpy(entry->bytes, note->body, note->size);
	if (push(reorder, entry) == 0)
		return 0;
	free(entry);
	return -1;
}

/* Whether the oldest can be yielded: nothing older is expected within the window. */
static bool
is_ready(const struct reorder *reorder)
{
	const struct buffered *oldest = reorder->count ? reorder->heap[0] : NULL;

	if (!oldest)
		return false;
	return reorder->bytes > REORDER_BYTES || oldest->ts_ns == INT64_MIN ||
	       reorder->newest_ns - oldest->ts_ns >= reorder->window_ns;
}

static enum source_event
hand_out(struct reorder *reorder, struct packet *packet)
{
	free(reorder->yielded);
	reorder->yielded = pop(reorder);
	if (reorder->yielded->is_note) {
		reorder->source.note = reorder->yielded->note;
		return SOURCE_NOTE;
	}
	*packet = reorder->yielded->packet;
	return SOURCE_PACKET;
}

/* Reads one event. SOURCE_STATISTICS and SOURCE_LATER are passed on at once; SOURCE_NOTE stands for
 * anything that is buffered, and for the end. */
static enum source_event
read_event(struct reorder *reorder, struct packet *packet)
{
	enum source_event event = reorder->from->next(reorder->from, packet, &reorder->why);
	int rc = 0;

	show_interfaces(reorder);
	switch (event) {
	case SOURCE_LATER:
	case SOURCE_STATISTICS: return event;
	case SOURCE_PACKET: rc = hold_packet(reorder, packet); break;
	case SOURCE_NOTE: rc = hold_note(reorder); break;
	case SOURCE_END:
	case SOURCE_CUT: reorder->has_ended = true; reorder->end = event;
	}
	if (rc < 0) {
		failure_nomem(&reorder->why);
		reorder->has_ended = true;
		reorder->end = SOURCE_CUT;
	}
	return SOURCE_NOTE;
}

static enum source_event
reorder_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct reorder *reorder = (struct reorder *)source;

	while (!reorder->has_ended && !is_ready(reorder)) {
		const enum source_event event = read_event(reorder, packet);

		if (event != SOURCE_NOTE)
			return event;
	}
	if (reorder->count)
		return hand_out(reorder, packet);
	if (why)
		*why = reorder->why;
	return reorder->end;
}
