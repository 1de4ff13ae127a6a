/*
 * How a merge makes stretches: it passes over those heads that are old enough, reads ahead behind
 * each, and takes what is older than anything that could still be read.
 */
#ifndef VCAP_LOOKAHEAD_H
#define VCAP_LOOKAHEAD_H

#include "base/threadpool.h"
#include "merge/inputheap.h"
#include "merge/interfaces.h"
#include "packet/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookahead {
	/* The heads passed over, by their place in the heap, and how many packets to take of
	 * each. */
	struct lookahead_visit *visits;
	size_t visit_count;
	int64_t before_ns;    /* everything older is known */
	struct packet *ahead; /* of all feeds */
	uint32_t room;        /* how far to read ahead of each input, at most */
	uint32_t most;        /* ... now */
	/* Stretches that are too short cost more than they save: how many not to make. */
	unsigned pause, next_pause;
	struct threadpool *crew; /* reads ahead of many inputs; the caller's; or NULL */
};

#define LOOKAHEAD_INIT ((struct lookahead){0})

/* Gives the feeds room to read ahead. -1: no memory. */
int lookahead_init(struct lookahead *sweep, struct input *feeds, size_t count);
/* Takes it from them. */
void lookahead_release(struct lookahead *sweep);

/* Whether none is to be made now. */
bool lookahead_pauses(struct lookahead *sweep);

/* Makes the next stretch, which may be empty. There is a head. -1: no memory. */
int lookahead_take(struct lookahead *sweep, struct inputheap *heads, struct interfaces *roster,
		   struct batch *stretch);

#endif
