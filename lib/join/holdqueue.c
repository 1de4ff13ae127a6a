#include "join/holdqueue.h"

#include <stdlib.h>
#include <string.h>

/* A ring of entries, each in one piece: a struct held, the options and the data. */
struct holdqueue {
	unsigned char *bytes;
	size_t size;
	size_t first, next; /* where the oldest is, and the next one goes */
	size_t wrap;        /* where the entries before the ring's start end, if next < first */
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
	struct holdqueue *holdback = calloc(1, sizeof(*holdback));

	if (holdback) {
		holdback->size = aligned(size);
		/* Memory that is never written to is never taken. */
		holdback->bytes = malloc(holdback->size);
	}
	if (!holdback || !holdback->bytes) {
		failure_errno(why, "cannot hold packets back");
		holdqueue_free(holdback);
		return NULL;
	}
	return holdback;
}

void
holdqueue_free(struct holdqueue *holdback)
{
	if (!holdback)
		return;
	free(holdback->bytes);
	free(holdback);
}

static struct held *
at(const struct holdqueue *holdback, size_t place)
{
	return (struct held *)(void *)(holdback->bytes + place);
}

bool
holdqueue_fits(const struct holdqueue *holdback, const struct packet *packet)
{
	return entry_size(packet) <= holdback->size;
}

/* Where an entry of this size goes; false if there is no room. */
static bool
find_place(struct holdqueue *holdback, size_t size)
{
	if (holdback->count == 0)
		holdback->first = holdback->next = 0;
	if (holdback->count > 0 && holdback->next <= holdback->first)
		return holdback->first - holdback->next >= size;
	if (holdback->size - holdback->next >= size)
		return true;
	if (holdback->count == 0 || holdback->first < size)
		return false;
	holdback->wrap = holdback->next;
	holdback->next = 0;
	return true;
}

bool
holdqueue_put(struct holdqueue *holdback, const struct held *held)
{
	size_t size = entry_size(&held->packet);
	struct held *entry;
	unsigned char *rest;

	if (!find_place(holdback, size))
		return false;
	entry = at(holdback, holdback->next);
	rest = (unsigned char *)(entry + 1);
	*entry = *held;
	if (held->packet.options_len)
		memcpy(rest, held->packet.options, held->packet.options_len);
	entry->packet.options = rest;
	rest += held->packet.options_len;
	if (held->packet.caplen)
		memcpy(rest, held->packet.data, held->packet.caplen);
	entry->packet.data = rest;
	holdback->next += size;
	holdback->count++;
	return true;
}

const struct held *
holdqueue_first(const struct holdqueue *holdback)
{
	return holdback->count ? at(holdback, holdback->first) : NULL;
}

void
holdqueue_drop_first(struct holdqueue *holdback)
{
	bool is_before_wrap = holdback->next <= holdback->first;

	holdback->first += entry_size(&at(holdback, holdback->first)->packet);
	holdback->count--;
	if (is_before_wrap && holdback->first == holdback->wrap)
		holdback->first = 0;
}
