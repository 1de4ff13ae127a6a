/*
 * A stretch of a merge: packets of several inputs, each input's in order, put in order together. It
 * costs about the same however many inputs there are, and looks at nothing but times and names.
 */
#ifndef VCAP_BATCH_H
#define VCAP_BATCH_H

#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

/* A packet, which is its input's; what orders those of the same time before their cores do, the
 * rank of the engine; and the input's number. */
struct batch_slot {
	int64_t ts_ns; /* the packet's */
	const struct packet *packet;
	uint32_t rank;
	uint32_t input;
};

struct batch {
	struct batch_slot *slots; /* heap, owned */
	size_t count, room;
	/* What sorting takes besides. */
	struct batch_slot *spare;
	size_t spare_room;
	uint32_t *places;
	size_t place_room;
};

#define BATCH_INIT ((struct batch){0})

void batch_release(struct batch *stretch);

/* Empties it and makes room for so many packets. -1: no memory. */
int batch_reserve(struct batch *stretch, size_t room);

/* Sorts the slots by time, rank and core; those alike in all of these stay as they were. All times
 * are in [from_ns, before_ns). -1: no memory. */
int batch_sort(struct batch *stretch, int64_t from_ns, int64_t before_ns);

/* The first of two slots side by side that are alike, and not from the same input: something else
 * has to tell which comes first. count if there are none. */
size_t batch_first_tie(const struct batch *stretch);

#endif
