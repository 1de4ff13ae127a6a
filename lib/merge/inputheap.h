/*
 * The heads of a merge's inputs, the oldest first: by time, engine, core, and then by what they
 * hold, so that the order of the inputs never shows. Heads that are the same in several inputs are
 * handed out one after the other, before what follows any of them.
 *
 *	inputheap_push ... -> inputheap_top -> inputheap_used -> input_advance(inputheap_top) ->
 *inputheap_moved -> ...
 */
#ifndef VCAP_INPUTHEAP_H
#define VCAP_INPUTHEAP_H

#include "merge/input.h"
#include "merge/interfaces.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct head {
	int64_t ts_ns;
	uint32_t feed;
};

struct inputheap {
	const struct interfaces *roster; /* the caller's, as feeds are */
	struct input *feeds;
	/* A binary heap. What is compared nearly always is the time, so it holds the times
	 * themselves; everything else is looked up on a tie. */
	struct head *heap;
	size_t count;
	/* Inputs whose heads are alike, taken out of the heap; the last of them is handed out. */
	uint32_t *alike;
	size_t alike_count;
	struct packet alike_packet; /* data and options are a copy, in alike_bytes */
	unsigned char *alike_bytes;
};

#define INPUTHEAP_INIT ((struct inputheap){0})

/* -1: no memory. */
int inputheap_init(struct inputheap *heads, const struct interfaces *roster, struct input *feeds,
		   size_t count);
void inputheap_release(struct inputheap *heads);

/* Adds a feed that has a head. */
void inputheap_push(struct inputheap *heads, uint32_t feed);

static inline bool
inputheap_is_empty(const struct inputheap *heads)
{
	return heads->count == 0 && heads->alike_count == 0;
}

/* The feed whose head is next. */
static inline uint32_t
inputheap_top(const struct inputheap *heads)
{
	return heads->alike_count ? heads->alike[heads->alike_count - 1] : heads->heap[0].feed;
}

/* The head of inputheap_top was handed out: it is to be moved on next. -1: no memory. */
int inputheap_used(struct inputheap *heads);
/* It has moved on; or has no head now. */
void inputheap_moved(struct inputheap *heads, bool has_head);

/* The head at this place of the heap has become another, which is no older; those behind it in the
 * heap are in order among themselves. */
void inputheap_settle(struct inputheap *heads, size_t place);

#endif
