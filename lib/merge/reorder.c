#include "merge/reorder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A packet, or a note with the time of the packet before it. The bytes follow it. */
struct held {
	int64_t ts_ns;
	uint64_t number; /* in the other source */
	bool is_note;
	struct packet packet;
	struct note note;
	size_t size;
	unsigned char bytes[];
};

struct reorder {
	struct source source; /* first */
	struct source *from;
	int64_t window_ns;
	struct held **heap; /* the oldest is heap[0] */
	size_t count, room, bytes;
	uint64_t numbers;
	int64_t newest_ns;
	struct held *out; /* what was handed out last */
	/* Once the other has ended, how. */
	bool has_ended;
	enum source_event end;
	struct failure why;
};

static enum source_event reorder_next(struct source *, struct packet *, struct failure *);

static void
show_interfaces(struct reorder *window)
{
	window->source.interfaces = window->from->interfaces;
	window->source.interface_count = window->from->interface_count;
	window->source.from_vcap = window->from->from_vcap;
}

struct reorder *
reorder_new(struct source *from, int64_t window_ns, struct failure *why)
{
	struct reorder *window = calloc(1, sizeof(*window));

	if (!window) {
		failure_errno(why, "cannot read");
		return NULL;
	}
	window->source.next = reorder_next;
	window->from = from;
	window->window_ns = window_ns;
	window->newest_ns = INT64_MIN;
	show_interfaces(window);
	return window;
}

void
reorder_free(struct reorder *window)
{
	if (!window)
		return;
	for (size_t i = 0; i < window->count; i++)
		free(window->heap[i]);
	free(window->heap);
	free(window->out);
	free(window);
}

struct source *
reorder_source(struct reorder *window)
{
	return &window->source;
}

static bool
is_before(const struct held *a, const struct held *b)
{
	return a->ts_ns != b->ts_ns ? a->ts_ns < b->ts_ns : a->number < b->number;
}

static int
push(struct reorder *window, struct held *held)
{
	size_t i = window->count;

	if (i == window->room) {
		size_t room = window->room ? 2 * window->room : 64;
		struct held **heap = realloc(window->heap, room * sizeof(struct held *));

		if (!heap)
			return -1;
		window->heap = heap;
		window->room = room;
	}
	for (size_t parent; i > 0 && is_before(held, window->heap[parent = (i - 1) / 2]);
	     i = parent)
		window->heap[i] = window->heap[parent];
	window->heap[i] = held;
	window->count++;
	window->bytes += sizeof(*held) + held->size;
	return 0;
}

static struct held *
pop(struct reorder *window)
{
	struct held *top = window->heap[0], *last = window->heap[--window->count];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < window->count; i = child) {
		if (child + 1 < window->count &&
		    is_before(window->heap[child + 1], window->heap[child]))
			child++;
		if (!is_before(window->heap[child], last))
			break;
		window->heap[i] = window->heap[child];
	}
	if (window->count)
		window->heap[i] = last;
	window->bytes -= sizeof(*top) + top->size;
	return top;
}

static int
hold_packet(struct reorder *window, const struct packet *packet)
{
	size_t size = (size_t)packet->caplen + packet->options_len;
	struct held *held = malloc(sizeof(*held) + size);

	if (!held)
		return -1;
	*held = (struct held){
	    .ts_ns = packet->ts_ns, .number = window->numbers++, .packet = *packet, .size = size};
	held->packet.data = held->bytes;
	held->packet.options = held->bytes + packet->caplen;
	if (packet->caplen)
		memcpy(held->bytes, packet->data, packet->caplen);
	if (packet->options_len)
		memcpy(held->bytes + packet->caplen, packet->options, packet->options_len);
	if (packet->ts_ns > window->newest_ns)
		window->newest_ns = packet->ts_ns;
	if (push(window, held) == 0)
		return 0;
	free(held);
	return -1;
}

static int
hold_note(struct reorder *window)
{
	const struct note *note = &window->from->note;
	struct held *held = malloc(sizeof(*held) + note->size);

	if (!held)
		return -1;
	*held = (struct held){.ts_ns = window->newest_ns,
			      .number = window->numbers++,
			      .is_note = true,
			      .note = *note,
			      .size = note->size};
	held->note.body = held->bytes;
	if (note->size)
		memcpy(held->bytes, note->body, note->size);
	if (push(window, held) == 0)
		return 0;
	free(held);
	return -1;
}

/* Whether the oldest may go: nothing that is read within the window can be older. */
static bool
is_full(const struct reorder *window)
{
	const struct held *oldest = window->count ? window->heap[0] : NULL;

	if (!oldest)
		return false;
	return window->bytes > REORDER_BYTES || oldest->ts_ns == INT64_MIN ||
	       window->newest_ns - oldest->ts_ns >= window->window_ns;
}

static enum source_event
hand_out(struct reorder *window, struct packet *packet)
{
	free(window->out);
	window->out = pop(window);
	if (window->out->is_note) {
		window->source.note = window->out->note;
		return SOURCE_NOTE;
	}
	*packet = window->out->packet;
	return SOURCE_PACKET;
}

/* Reads one event. SOURCE_STATISTICS and SOURCE_LATER are passed on at once; SOURCE_NOTE stands for
 * anything that is held, and for the end. */
static enum source_event
read_event(struct reorder *window, struct packet *packet)
{
	enum source_event event = window->from->next(window->from, packet, &window->why);
	int rc = 0;

	show_interfaces(window);
	switch (event) {
	case SOURCE_LATER:
	case SOURCE_STATISTICS: return event;
	case SOURCE_PACKET: rc = hold_packet(window, packet); break;
	case SOURCE_NOTE: rc = hold_note(window); break;
	case SOURCE_END:
	case SOURCE_CUT: window->has_ended = true; window->end = event;
	}
	if (rc < 0) {
		failure_errno(&window->why, "cannot read");
		window->has_ended = true;
		window->end = SOURCE_CUT;
	}
	return SOURCE_NOTE;
}

static enum source_event
reorder_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct reorder *window = (struct reorder *)source;

	while (!window->has_ended && !is_full(window)) {
		const enum source_event event = read_event(window, packet);

		if (event != SOURCE_NOTE)
			return event;
	}
	if (window->count)
		return hand_out(window, packet);
	if (why)
		*why = window->why;
	return window->end;
}
