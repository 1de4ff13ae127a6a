/*
 * A batch of packets of several inputs, to be sorted by time. The cost of sorting hardly depends on
 * the number of inputs.
 */
#ifndef VCAP_BATCH_H
#define VCAP_BATCH_H

#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

struct batch_slot {
	int64_t ts_ns;               /* the packet's */
	const struct packet *packet; /* the input's */
	uint32_t rank;               /* of its engine: sorts packets of the same time */
	uint32_t input;              /* its number */
};

struct batch {
	struct batch_slot *slots; /* heap, owned */
	size_t count, room;
	size_t taken; /* by batch_take */
	/* Scratch memory for sorting */
	struct batch_slot *spare;
	size_t spare_room;
	uint32_t *buckets;
	size_t bucket_room;
};

#define BATCH_INIT ((struct batch){0})

/* Frees its memory; it is then BATCH_INIT. The packets are not touched. */
void batch_release(struct batch *batch);

/* Makes room for this many packets; slots are uninitialised and count is 0. -1: out of memory, the
 * batch has no room. */
int batch_reserve(struct batch *batch, size_t room);

/* Sorts the slots by time, rank and core; the sort is stable. All times are in [from_ns,
 * before_ns). -1: out of memory, the slots are as they were. */
int batch_sort(struct batch *batch, int64_t from_ns, int64_t before_ns);

/* Copies the packets of the slots that were not taken before, in order and at most room; how many.
 * What they point to stays the inputs'. */
size_t batch_take(struct batch *batch, struct packet *list, size_t room);

/* In a sorted batch, the index of the first slot that compares equal to the next one, which is of
 * another input: the order of these two is still to be decided. count if there is none. */
size_t batch_first_tie(const struct batch *batch);

#endif
