#include "merge/inputheap.h"

#include <stdlib.h>
#include <string.h>

int
inputheap_init(struct inputheap *heads, const struct interfaces *roster, struct input *feeds,
	       size_t count)
{
	*heads = (struct inputheap){.roster = roster, .feeds = feeds};
	heads->heap = calloc(count + 1, sizeof(*heads->heap));
	heads->alike = calloc(count + 1, sizeof(*heads->alike));
	return heads->heap && heads->alike ? 0 : -1;
}

void
inputheap_release(struct inputheap *heads)
{
	free(heads->heap);
	free(heads->alike);
	free(heads->alike_bytes);
	*heads = INPUTHEAP_INIT;
}

/* Packets by everything but their times and places. */
static int
compare_contents(const struct inputheap *heads, const struct packet *a, const struct packet *b)
{
	int order = 0;

	if (a->iface != b->iface)
		order = interfaces_compare(&heads->roster->interfaces[a->iface],
					   &heads->roster->interfaces[b->iface]);
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
compare_tied(const struct inputheap *heads, const struct input *a, const struct input *b)
{
	int order = input_compare_origins(heads->roster, a->origin, b->origin);

	if (order)
		return order;
	if (a->packet.core != b->packet.core)
		return a->packet.core < b->packet.core ? -1 : 1;
	if (a->is_note != b->is_note)
		return a->is_note ? -1 : 1;
	if (a->is_note)
		return compare_notes(&a->input.source->note, &b->input.source->note);
	return compare_contents(heads, &a->packet, &b->packet);
}

static inline bool
is_before(const struct inputheap *heads, const struct head *a, const struct head *b)
{
	if (__builtin_expect(a->ts_ns != b->ts_ns, 1))
		return a->ts_ns < b->ts_ns;
	return compare_tied(heads, &heads->feeds[a->feed], &heads->feeds[b->feed]) < 0;
}

/* Moves head down from the hole at i to where it belongs. */
static void
sift_down(struct inputheap *heads, size_t i, struct head head)
{
	struct head *heap = heads->heap;
	const size_t count = heads->count;

	for (size_t child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && is_before(heads, &heap[child + 1], &heap[child]))
			child++;
		if (!is_before(heads, &heap[child], &head))
			break;
		heap[i] = heap[child];
	}
	heap[i] = head;
}

void
inputheap_push(struct inputheap *heads, uint32_t feed)
{
	const struct head head = {heads->feeds[feed].packet.ts_ns, feed};
	size_t i = heads->count++;

	for (size_t parent; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (!is_before(heads, &head, &heads->heap[parent]))
			break;
		heads->heap[i] = heads->heap[parent];
	}
	heads->heap[i] = head;
}

static void
remove_top(struct inputheap *heads)
{
	const struct head last = heads->heap[--heads->count];

	if (heads->count)
		sift_down(heads, 0, last);
}

/* Keeps a copy of the head that several inputs have alike. */
static int
copy_alike(struct inputheap *heads, const struct packet *packet)
{
	unsigned char *bytes =
	    realloc(heads->alike_bytes, (size_t)packet->caplen + packet->options_len + 1);

	if (!bytes)
		return -1;
	heads->alike_bytes = bytes;
	heads->alike_packet = *packet;
	heads->alike_packet.data = bytes;
	heads->alike_packet.options = bytes + packet->caplen;
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
head_of(const struct input *feed)
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
is_alike_note(const struct inputheap *heads, const struct input *feed, const struct packet *packet)
{
	const struct note *note = &feed->input.source->note;

	return packet->iface == NO_INTERFACE && feed->packet.ts_ns == packet->ts_ns &&
	       feed->packet.core == packet->core &&
	       input_compare_origins(heads->roster, feed->origin, packet->flags) == 0 &&
	       note->type == packet->len && note->size == packet->caplen &&
	       (note->size == 0 || memcmp(note->body, packet->data, note->size) == 0);
}

static bool
is_alike(const struct inputheap *heads, const struct input *feed, const struct packet *packet)
{
	if (feed->is_note)
		return is_alike_note(heads, feed, packet);
	return packet->iface != NO_INTERFACE && feed->packet.ts_ns == packet->ts_ns &&
	       feed->packet.core == packet->core &&
	       compare_contents(heads, &feed->packet, packet) == 0;
}

/* Whether another input's head is the same as the top's. It would then be a child. */
static bool
top_has_twin(const struct inputheap *heads)
{
	const struct head *heap = heads->heap;
	const struct input *top = &heads->feeds[heap[0].feed];

	for (size_t i = 1; i < 3 && i < heads->count; i++)
		if (__builtin_expect(heap[i].ts_ns == heap[0].ts_ns, 0)) {
			const struct packet head = head_of(top);

			if (is_alike(heads, &heads->feeds[heap[i].feed], &head))
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
gather_alike(struct inputheap *heads)
{
	const uint32_t used = heads->heap[0].feed;
	const struct packet head = head_of(&heads->feeds[used]);

	if (copy_alike(heads, &head) < 0)
		return -1;
	remove_top(heads);
	while (heads->count &&
	       is_alike(heads, &heads->feeds[heads->heap[0].feed], &heads->alike_packet)) {
		heads->alike[heads->alike_count++] = heads->heap[0].feed;
		remove_top(heads);
	}
	heads->alike[heads->alike_count++] = used;
	return 0;
}

int
inputheap_used(struct inputheap *heads)
{
	return heads->alike_count == 0 && top_has_twin(heads) ? gather_alike(heads) : 0;
}

/* Moves on the last of those that are alike. */
static void
alike_moved(struct inputheap *heads, bool has_head)
{
	const uint32_t feed = heads->alike[heads->alike_count - 1];

	if (has_head && is_alike(heads, &heads->feeds[feed], &heads->alike_packet))
		return;
	heads->alike_count--;
	if (has_head)
		inputheap_push(heads, feed);
}

void
inputheap_moved(struct inputheap *heads, bool has_head)
{
	if (heads->alike_count)
		alike_moved(heads, has_head);
	else if (has_head)
		inputheap_settle(heads, 0);
	else
		remove_top(heads);
}

void
inputheap_settle(struct inputheap *heads, size_t place)
{
	const uint32_t feed = heads->heap[place].feed;

	sift_down(heads, place, (struct head){heads->feeds[feed].packet.ts_ns, feed});
}
