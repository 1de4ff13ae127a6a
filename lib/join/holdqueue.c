/*
 * A ring of entries, each contiguous: a struct held, the options, the data. An entry that does not
 * fit before the end of the ring goes to its start. Nothing is allocated for a packet.
 */
#include "join/holdqueue.h"

#include <stdlib.h>
#include <string.h>

struct holdqueue {
	unsigned char *bytes;
	size_t size;
	size_t first, next; /* offsets of the oldest entry and of the next one */
	size_t wrap; /* the end of the last entry before the start of the ring, if next < first */
	size_t count;
};

static size_t
aligned(size_t size)
{
	return (size + _Alignof(struct held) - 1) & ~(_Alignof(struct held) - 1);
}

static size_t
entry_size(const struct packet *packet)
{
	return aligned(sizeof(struct held) + packet->options_len + packet->caplen);
}

struct holdqueue *
holdqueue_new(size_t size, struct failure *why)
{
	struct holdqueue *queue = calloc(1, sizeof(*queue));

	if (queue) {
		queue->size = aligned(size);
		/* The kernel gives pages only when they are first written to. */
		queue->bytes = malloc(queue->size);
	}
	if (!queue || !queue->bytes) {
		failure_errno(why, "cannot hold packets back");
		holdqueue_free(queue);
		return NULL;
	}
	return queue;
}

void
holdqueue_free(struct holdqueue *queue)
{
	if (!queue)
		return;
	free(queue->bytes);
	free(queue);
}

static struct held *
entry_at(const struct holdqueue *queue, size_t offset)
{
	return (struct held *)(void *)(queue->bytes + offset);
}

bool
holdqueue_fits(const struct holdqueue *queue, const struct packet *packet)
{
	return entry_size(packet) <= queue->size;
}

/* Moves next to where an entry of this size fits; false if there is no room. */
static bool
make_room(struct holdqueue *queue, size_t size)
{
	if (queue->count == 0)
		queue->first = queue->next = 0;
	if (queue->count > 0 && queue->next <= queue->first)
		return queue->first - queue->next >= size;
	if (queue->size - queue->next >= size)
		return true;
	if (queue->count == 0 || queue->first < size)
		return false;
	queue->wrap = queue->next;
	queue->next = 0;
	return true;
}

bool
holdqueue_put(struct holdqueue *queue, const struct held *held)
{
	size_t size = entry_size(&held->packet);
	struct held *entry;
	unsigned char *rest;

	if (!make_room(queue, size))
		return false;
	entry = entry_at(queue, queue->next);
	rest = (unsigned char *)(entry + 1);
	*entry = *held;
	if (held->packet.options_len)
		memcpy(rest, held->packet.options, held->packet.options_len);
	entry->packet.options = rest;
	rest += held->packet.options_len;
	if (held->packet.caplen)
		memcpy(rest, held->packet.data, held->packet.caplen);
	entry->packet.data = rest;
	queue->next += size;
	queue->count++;
	return true;
}

const struct held *
holdqueue_first(const struct holdqueue *queue)
{
	return queue->count ? entry_at(queue, queue->first) : NULL;
}

void
holdqueue_drop_first(struct holdqueue *queue)
{
	bool is_before_wrap = queue->next <= queue->first;

	queue->first += entry_size(&entry_at(queue, queue->first)->packet);
	queue->count--;
	if (is_before_wrap && queue->first == queue->wrap)
		queue->first = 0;
}
