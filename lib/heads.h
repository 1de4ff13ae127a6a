/*
 * The heads of a merge's inputs, the oldest first: by time, engine, core, and then by what they
 * hold, so that the order of the inputs never shows. Heads that are the same in several inputs are
 * handed out one after the other, before what follows any of them.
 *
 *	heads_push ... -> heads_top -> heads_used -> feed_advance(heads_top) -> heads_moved -> ...
 */
#ifndef VCAP_HEADS_H
#define VCAP_HEADS_H

#include "feed.h"
#include "packet.h"
#include "roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct head {
	int64_t ts_ns;
	uint32_t feed;
};

struct heads {
	const struct roster *roster; /* the caller's, as feeds are */
	struct feed *feeds;
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

#define HEADS_INIT ((struct heads){0})

/* -1: no memory. */
int heads_init(struct heads *heads, const struct roster *roster, struct feed *feeds, size_t count);
void heads_release(struct heads *heads);

/* Adds a feed that has a head. */
void heads_push(struct heads *heads, uint32_t feed);

static inline bool
heads_is_empty(const struct heads *heads)
{
	return heads->count == 0 && heads->alike_count == 0;
}

/* The feed whose head is next. */
static inline uint32_t
heads_top(const struct heads *heads)
{
	return heads->alike_count ? heads->alike[heads->alike_count - 1] : heads->heap[0].feed;
}

/* The head of heads_top was handed out: it is to be moved on next. -1: no memory. */
int heads_used(struct heads *heads);
/* It has moved on; or has no head now. */
void heads_moved(struct heads *heads, bool has_head);

/* The head at this place of the heap has become another, which is no older; those behind it in the
 * heap are in order among themselves. */
void heads_settle(struct heads *heads, size_t place);

#endif
