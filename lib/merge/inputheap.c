/*
 * A binary heap. Nearly every comparison is decided by time, so the entries hold the times and the
 * inputs are looked up only on a tie. A tie is decided by engine, core and contents, never by the
 * number of the input: so the output is the same whatever the order of the inputs.
 *
 * That leaves heads that are equal in everything, such as a packet that two files have. Which one
 * is written first makes no difference, but which input advances first does: it decides what the
 * heap sees next. So such inputs are taken out of the heap together, all of their equal heads are
 * handed out, and only then are they put back. The bytes of the head are copied for that, because
 * the first input to advance invalidates its own.
 */
#include "merge/inputheap.h"

#include <stdlib.h>
#include <string.h>

int
inputheap_init(struct inputheap *heap, const struct interfaces *interfaces, struct input *inputs,
	       size_t count)
{
	*heap = (struct inputheap){.interfaces = interfaces, .inputs = inputs};
	heap->entries = calloc(count + 1, sizeof(*heap->entries));
	heap->duplicates = calloc(count + 1, sizeof(*heap->duplicates));
	return heap->entries && heap->duplicates ? 0 : -1;
}

void
inputheap_release(struct inputheap *heap)
{
	free(heap->entries);
	free(heap->duplicates);
	free(heap->duplicate_bytes);
	*heap = INPUTHEAP_INIT;
}

/* By everything but time, engine and core. */
static int
compare_contents(const struct inputheap *heap, const struct packet *a, const struct packet *b)
{
	int order = 0;

	if (a->iface != b->iface)
		order = interfaces_compare(&heap->interfaces->list[a->iface],
					   &heap->interfaces->list[b->iface]);
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

/* Heads of one time. */
static int
compare_tied(const struct inputheap *heap, const struct input *a, const struct input *b)
{
	int order = interfaces_compare_engines(heap->interfaces, a->capture, b->capture);

	if (order)
		return order;
	if (a->packet.core != b->packet.core)
		return a->packet.core < b->packet.core ? -1 : 1;
	if (a->is_note != b->is_note)
		return a->is_note ? -1 : 1;
	if (a->is_note)
		return compare_notes(&a->from.source->note, &b->from.source->note);
	return compare_contents(heap, &a->packet, &b->packet);
}

static inline bool
is_before(const struct inputheap *heap, const struct heap_entry *a, const struct heap_entry *b)
{
	if (__builtin_expect(a->ts_ns != b->ts_ns, 1))
		return a->ts_ns < b->ts_ns;
	return compare_tied(heap, &heap->inputs[a->input], &heap->inputs[b->input]) < 0;
}

/* Fills the hole at i with an entry, which moves down to where it belongs. */
static void
sift_down(struct inputheap *heap, size_t i, struct heap_entry entry)
{
	struct heap_entry *entries = heap->entries;
	const size_t count = heap->count;

	for (size_t child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && is_before(heap, &entries[child + 1], &entries[child]))
			child++;
		if (!is_before(heap, &entries[child], &entry))
			break;
		entries[i] = entries[child];
	}
	entries[i] = entry;
}

void
inputheap_push(struct inputheap *heap, uint32_t input)
{
	const struct heap_entry entry = {heap->inputs[input].packet.ts_ns, input};
	size_t i = heap->count++;

	for (size_t parent; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (!is_before(heap, &entry, &heap->entries[parent]))
			break;
		heap->entries[i] = heap->entries[parent];
	}
	heap->entries[i] = entry;
}

static void
remove_top(struct inputheap *heap)
{
	const struct heap_entry last = heap->entries[--heap->count];

	if (heap->count)
		sift_down(heap, 0, last);
}

/* Keeps a copy of the head that several inputs share. */
static int
copy_duplicate(struct inputheap *heap, const struct packet *packet)
{
	unsigned char *bytes =
	    realloc(heap->duplicate_bytes, (size_t)packet->caplen + packet->options_len + 1);

	if (!bytes)
		return -1;
	heap->duplicate_bytes = bytes;
	heap->duplicate = *packet;
	heap->duplicate.data = bytes;
	heap->duplicate.options = bytes + packet->caplen;
	if (packet->caplen)
		memcpy(bytes, packet->data, packet->caplen);
	if (packet->options_len)
		memcpy(bytes + packet->caplen, packet->options, packet->options_len);
	return 0;
}

#define NO_INTERFACE UINT32_MAX

/* The head as a packet. A note has no interface, its capture interface in flags and its type in
 * len. */
static struct packet
head_of(const struct input *input)
{
	const struct note *note = &input->from.source->note;
	struct packet head = input->packet;

	if (input->is_note) {
		head.iface = NO_INTERFACE;
		head.flags = input->capture;
		head.len = note->type;
		head.data = note->body;
		head.caplen = note->size;
		head.options_len = 0;
	}
	return head;
}

static bool
is_duplicate_note(const struct inputheap *heap, const struct input *input,
		  const struct packet *packet)
{
	const struct note *note = &input->from.source->note;

	return packet->iface == NO_INTERFACE && input->packet.ts_ns == packet->ts_ns &&
	       input->packet.core == packet->core &&
	       interfaces_compare_engines(heap->interfaces, input->capture, packet->flags) == 0 &&
	       note->type == packet->len && note->size == packet->caplen &&
	       (note->size == 0 || memcmp(note->body, packet->data, note->size) == 0);
}

static bool
is_duplicate(const struct inputheap *heap, const struct input *input, const struct packet *packet)
{
	if (input->is_note)
		return is_duplicate_note(heap, input, packet);
	return packet->iface != NO_INTERFACE && input->packet.ts_ns == packet->ts_ns &&
	       input->packet.core == packet->core &&
	       compare_contents(heap, &input->packet, packet) == 0;
}

/* Whether another input has the same head as the top: it would be one of the top's children. */
static bool
top_has_duplicate(const struct inputheap *heap)
{
	const struct heap_entry *entries = heap->entries;
	const struct input *top = &heap->inputs[entries[0].input];

	for (size_t i = 1; i < 3 && i < heap->count; i++)
		if (__builtin_expect(entries[i].ts_ns == entries[0].ts_ns, 0)) {
			const struct packet head = head_of(top);

			if (is_duplicate(heap, &heap->inputs[entries[i].input], &head))
				return true;
		}
	return false;
}

/* Takes all inputs whose head is the same as the top out of the heap. */
static int
collect_duplicates(struct inputheap *heap)
{
	const uint32_t top = heap->entries[0].input;
	const struct packet head = head_of(&heap->inputs[top]);

	if (copy_duplicate(heap, &head) < 0)
		return -1;
	remove_top(heap);
	while (heap->count &&
	       is_duplicate(heap, &heap->inputs[heap->entries[0].input], &heap->duplicate)) {
		heap->duplicates[heap->duplicate_count++] = heap->entries[0].input;
		remove_top(heap);
	}
	heap->duplicates[heap->duplicate_count++] = top;
	return 0;
}

int
inputheap_consume(struct inputheap *heap)
{
	return heap->duplicate_count == 0 && top_has_duplicate(heap) ? collect_duplicates(heap) : 0;
}

/* The last of the duplicates has advanced: it stays one if its next head is the same again. */
static void
advance_duplicate(struct inputheap *heap, bool has_head)
{
	const uint32_t input = heap->duplicates[heap->duplicate_count - 1];

	if (has_head && is_duplicate(heap, &heap->inputs[input], &heap->duplicate))
		return;
	heap->duplicate_count--;
	if (has_head)
		inputheap_push(heap, input);
}

void
inputheap_advanced(struct inputheap *heap, bool has_head)
{
	if (heap->duplicate_count)
		advance_duplicate(heap, has_head);
	else if (has_head)
		inputheap_sift_down(heap, 0);
	else
		remove_top(heap);
}

void
inputheap_sift_down(struct inputheap *heap, size_t place)
{
	const uint32_t input = heap->entries[place].input;

	sift_down(heap, place, (struct heap_entry){heap->inputs[input].packet.ts_ns, input});
}
