/*
 * Packets from rings into one outlet, in the order of their time: the work of one thread. A
 * directory has a collector for each core, with that core's ring of each interface; a livestream,
 * and a command that packets pass through, has one with all rings.
 *
 * Order costs a delay: a packet waits until no ring can still hold an older one, which a ring with
 * nothing in it shows soonest. When a ring runs more than half full its packets no longer wait,
 * because losing one is worse than misplacing one.
 */
#ifndef VCAP_CAPTURE_LOOP_H
#define VCAP_CAPTURE_LOOP_H

#include "base/failure.h"
#include "capture/output.h"
#include "capture/ring.h"
#include "capture/runstate.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One ring: an interface's packets on a core. Aligned so that threads do not share cache lines. */
struct ring_input {
	struct ring ring;
	struct counters *ledger;
	struct packet head; /* the next packet, if merge_live */
	bool merge_live;
} __attribute__((aligned(128)));

struct capture_loop {
	/* Set by the caller, before capture_loop_run */
	struct ring_input *lanes;
	size_t lane_count;
	struct runstate *control;
	struct output *outlet; /* this thread's from then on */
	/* Its own */
	struct ring_input **heap; /* merge_live lanes, the oldest head first */
	size_t merge_live;
	struct pollfd *waiting;
	int64_t hold;  /* the age at which no ring holds an older packet unread, ns */
	int64_t moved; /* when packets were last handed on, on CLOCK_MONOTONIC */
};

/* 0, or -1 without memory. */
int capture_loop_init(struct capture_loop *collector, struct failure *why);
void capture_loop_release(struct capture_loop *collector);

/* For the outlet: reads the rings' counters. */
void capture_loop_count(void *collector);

/* The thread: waits for runstate_begin, collects until control says stop, finishes the outlet. */
void *capture_loop_run(void *collector);

#endif
