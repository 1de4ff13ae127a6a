/*
 * How a merge makes stretches: it passes over those heads that are old enough, reads ahead behind
 * each, and takes what is older than anything that could still be read.
 */
#ifndef VCAP_SWEEP_H
#define VCAP_SWEEP_H

#include "crew.h"
#include "heads.h"
#include "roster.h"
#include "stretch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sweep {
	/* The heads passed over, by their place in the heap, and how many packets to take of
	 * each. */
	struct sweep_visit *visits;
	size_t visit_count;
	int64_t before_ns;    /* everything older is known */
	struct packet *ahead; /* of all feeds */
	uint32_t room;        /* how far to read ahead of each input, at most */
	uint32_t most;        /* ... now */
	/* Stretches that are too short cost more than they save: how many not to make. */
	unsigned pause, next_pause;
	struct crew *crew; /* reads ahead of many inputs; the caller's; or NULL */
};

#define SWEEP_INIT ((struct sweep){0})

/* Gives the feeds room to read ahead. -1: no memory. */
int sweep_init(struct sweep *sweep, struct feed *feeds, size_t count);
/* Takes it from them. */
void sweep_release(struct sweep *sweep);

/* Whether none is to be made now. */
bool sweep_pauses(struct sweep *sweep);

/* Makes the next stretch, which may be empty. There is a head. -1: no memory. */
int sweep_take(struct sweep *sweep, struct heads *heads, struct roster *roster,
	       struct stretch *stretch);

#endif
