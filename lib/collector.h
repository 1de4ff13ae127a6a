/*
 * Packets from rings into one recording, in the order of their time: the work of one thread. A
 * directory has a collector for each core, with that core's ring of each interface; a stream has
 * one with all rings.
 *
 * Order costs a delay: a packet waits until no ring can still hold an older one, which a ring with
 * nothing in it shows soonest. When a ring runs more than half full its packets no longer wait,
 * because losing one is worse than misplacing one.
 *
 * How packets are accounted: a ring's filter passes `received`; of these `dropped` found no room in
 * it; of those that were read, `packets` are kept and `skipped` are not, because their core was
 * full, or the capture had ended, or the recording had.
 */
#ifndef VCAP_COLLECTOR_H
#define VCAP_COLLECTOR_H

#include "control.h"
#include "failure.h"
#include "recording.h"
#include "ring.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account {
	uint64_t packets, bytes; /* kept; bytes as captured */
	uint64_t truncated;      /* of these, shorter than on the wire */
	uint64_t received, dropped, skipped;
};

/* A core, and where its count stands. */
struct core {
	uint32_t number;
	uint64_t packets;
	int64_t full_ns; /* the time of the packet that filled it, or 0 */
};

/* One ring: an interface's packets on a core. Aligned so that threads do not share cache lines. */
struct lane {
	struct ring ring;
	struct core *core;
	struct packet head; /* the next packet, if live */
	bool live;
	struct account account; /* the collector's own */
	struct account public;  /* as of the last collector_publish; under the collector's lock */
} __attribute__((aligned(128)));

struct collector {
	/* Set by the caller, before collector_run */
	struct lane *lanes;
	size_t lane_count;
	uint32_t interface_count; /* lane i is of interface i % interface_count */
	uint64_t count;           /* per core; 0: no limit */
	uint32_t snaplen;
	struct control *control;
	struct recording recording;
	/* Its own */
	struct lane **heap; /* live lanes, the oldest head first */
	size_t live;
	struct pollfd *waiting;
	struct blocks scratch;
	int64_t end_ns;                            /* packets after this are not kept */
	int64_t flushed, published, beaten, moved; /* when, on CLOCK_MONOTONIC */
	bool whole;                                /* how recording_end went */
	pthread_mutex_t lock;
};

/* 0, or -1 without memory. */
int collector_init(struct collector *collector, struct failure *why);
void collector_release(struct collector *collector);

/* The thread: waits for control_begin, collects until control says stop, ends the recording. */
void *collector_run(void *collector);

/* Adds lane's numbers, as last published, to *to. Any thread. */
void collector_read(struct collector *collector, const struct lane *lane, struct account *to);

#endif
