/*
 * The loop of one thread that reads packets from rings and writes them to one output, in the order
 * of their time. Into a directory there is a loop per core, with that core's ring of each
 * interface, or of all; a stream, and the input of a filter command, has a single loop with all
 * rings.
 */
#ifndef VCAP_CAPTURE_LOOP_H
#define VCAP_CAPTURE_LOOP_H

#include "base/failure.h"
#include "capture/doubles.h"
#include "capture/ifwatch.h"
#include "capture/output.h"
#include "capture/packetrate.h"
#include "capture/ring.h"
#include "capture/runstate.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ring of one interface, or of all, on one core. Aligned so that threads do not share cache
 * lines. */
struct ring_input {
	struct ring ring;
	struct core *core;
	struct counters *counters; /* of its core, by the number of the interface */
	struct packet
	    packet; /* the next one, if has_packet; of a ring of one interface, iface stays */
	bool has_packet;
	bool has_begun;          /* a packet was received after all rings were open */
	uint64_t judged;         /* the block of the ring that the view is good for */
	struct doubles doubles;  /* of moments in which interfaces changed */
	uint64_t dropped_before; /* of the ring, as far as they are told by interface */
} __attribute__((aligned(128)));

struct capture_loop {
	/* Set by the caller before capture_loop_init */
	struct ring_input *inputs;
	size_t input_count;
	struct runstate *runstate;
	struct output *output;     /* used by this thread alone */
	struct ifwatch *watch;     /* of rings of all interfaces; NULL: each is of one */
	struct packetrates *rates; /* what is counted of its packets; NULL: nothing */
	unsigned number;           /* of the loop, for that */
	/* Private */
	struct ifview view;
	struct ring_input **heap; /* inputs that have a packet, the oldest packet first */
	size_t heap_count;
	struct pollfd *pollfds;
	int64_t hold_ns;       /* age at which a packet has certainly been handed over to us */
	int64_t last_progress; /* CLOCK_MONOTONIC: when packets were last written, or none waited */
};

/* Allocates. On failure, for want of memory, nothing is left to release. */
int capture_loop_init(struct capture_loop *loop, struct failure *why);
/* Frees what capture_loop_init allocated; the inputs stay the caller's. */
void capture_loop_release(struct capture_loop *loop);

/* An output_refresh: reads the counters of the rings. loop is a struct capture_loop. */
void capture_loop_refresh(void *loop);

/* A thread's main function: waits for runstate_begin, runs until the runstate says stop and the
 * packets from before that time are written, and finishes the output. Returns NULL. */
void *capture_loop_run(void *loop);

#endif
