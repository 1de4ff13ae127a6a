/*
 * Packets from rings into one outlet, in the order of their time: the work of one thread. A
 * directory has a collector for each core, with that core's ring of each interface; a stream, and
 * a command that packets pass through, has one with all rings.
 *
 * Order costs a delay: a packet waits until no ring can still hold an older one, which a ring with
 * nothing in it shows soonest. When a ring runs more than half full its packets no longer wait,
 * because losing one is worse than misplacing one.
 */
#ifndef VCAP_COLLECTOR_H
#define VCAP_COLLECTOR_H

#include "control.h"
#include "failure.h"
#include "outlet.h"
#include "ring.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One ring: an interface's packets on a core. Aligned so that threads do not share cache lines. */
struct lane {
	struct ring ring;
	struct ledger *ledger;
	struct packet head; /* the next packet, if live */
	bool live;
} __attribute__((aligned(128)));

struct collector {
	/* Set by the caller, before collector_run */
	struct lane *lanes;
	size_t lane_count;
	struct control *control;
	struct outlet *outlet; /* this thread's from then on */
	/* Its own */
	struct lane **heap; /* live lanes, the oldest head first */
	size_t live;
	struct pollfd *waiting;
	int64_t hold;  /* the age at which no ring holds an older packet unread, ns */
	int64_t moved; /* when packets were last handed on, on CLOCK_MONOTONIC */
};

/* 0, or -1 without memory. */
int collector_init(struct collector *collector, struct failure *why);
void collector_release(struct collector *collector);

/* For the outlet: reads the rings' counters. */
void collector_count(void *collector);

/* The thread: waits for control_begin, collects until control says stop, finishes the outlet. */
void *collector_run(void *collector);

#endif
