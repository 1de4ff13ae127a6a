/*
 * Whether as many packets of a kind as were asked for have come within a time. Each capture loop counts those
 * that a program accepts, with counters of its own; another thread looks at the sums now and then.
 */
#ifndef VCAP_PACKETRATE_H
#define VCAP_PACKETRATE_H

#include "base/failure.h"
#include "packet/bpf.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKETRATE_MOST    8
#define PACKETRATE_SAMPLES 65

struct packetrate {
	struct bpf program;
	uint64_t count;    /* so many packets ... */
	int64_t within_ns; /* ... in this time */
	/* Private: sums at earlier times, the oldest at first. */
	struct {
		int64_t ns;
		uint64_t sum;
	} samples[PACKETRATE_SAMPLES];
	size_t first, used;
};

/* Of one loop. */
struct packetrate_seen {
	uint64_t counts[PACKETRATE_MOST];
} __attribute__((aligned(128)));

struct packetrates {
	struct packetrate list[PACKETRATE_MOST];
	size_t count;
	struct packetrate_seen *seen; /* one a loop; heap */
	size_t loops;
};

/* Adds one; text is its program (bpf_parse). -1 with why: it is malformed, or there are too many. */
int packetrates_add(struct packetrates *rates, uint64_t count, int64_t within_ns, const char *text,
		    struct failure *why);

/* Makes the counters of the loops. -1 with why: out of memory. */
int packetrates_open(struct packetrates *rates, size_t loops, struct failure *why);

/* Frees what it holds; rates is empty afterwards. */
void packetrates_release(struct packetrates *rates);

/* Counts a packet. For the thread of that loop alone. */
void packetrates_see(struct packetrates *rates, size_t loop, const struct packet *packet);

/* Looks at rate number i at a time (CLOCK_MONOTONIC). Returns how many packets came within its time, if there
 * are enough, which begins a new time; otherwise 0. */
uint64_t packetrates_look(struct packetrates *rates, size_t i, int64_t now);

#endif
