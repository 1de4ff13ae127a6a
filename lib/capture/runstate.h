/*
 * The one decision that all threads of a capture share: whether it goes on, and if not, why and
 * since when. The first reason stands.
 */
#ifndef VCAP_RUNSTATE_H
#define VCAP_RUNSTATE_H

#include "base/failure.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum stop_reason {
	STOP_NONE,
	STOP_COUNT,     /* every core is full */
	STOP_TIME,      /* -t is over */
	STOP_SIGNAL,    /* it was told to */
	STOP_LEASE,     /* whoever wanted it is gone */
	STOP_SIZE,      /* the size cap */
	STOP_RESERVE,   /* the disk is down to its reserve */
	STOP_DISK_FULL, /* the disk refused */
	STOP_INTERFACE, /* no interface is left */
	STOP_CLOSED,    /* nobody reads the output any more */
	STOP_FILTER,    /* the command that packets pass through has ended, or writes nonsense */
	STOP_ERROR,
};

struct runstate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool begun; /* threads may look at packets */
	enum stop_reason reason;
	char message[256];   /* what STOP_ERROR and its like have to say */
	int64_t start_ns;    /* CLOCK_REALTIME when it began */
	int64_t start_mono;  /* the same moment on CLOCK_MONOTONIC */
	int64_t end_ns;      /* ... and when it was stopped: later packets are not kept */
	int64_t end_mono;    /* the same moment on CLOCK_MONOTONIC */
	unsigned cores_left; /* not full yet */
	int stop_fd;         /* polls readable once there is a reason: every thread sees it */
	bool abandon;        /* a livestream that blocks is to be given up; read atomically */
};

int runstate_init(struct runstate *control, unsigned cores, struct failure *why);
void runstate_release(struct runstate *control);

/* Packets are captured from now on: sets start_ns and start_mono. */
void runstate_start(struct runstate *control);
/* By how much CLOCK_REALTIME was set since then, until the end or now; 0 if by less than a
 * millisecond. Slewing (adjtime(3)) does not count: it moves both clocks. */
int64_t runstate_clock_step(const struct runstate *control);

/* Lets waiting threads begin; runstate_wait_begin returns false if it was stopped before that. */
void runstate_begin(struct runstate *control);
bool runstate_wait_begin(struct runstate *control);

void runstate_stop(struct runstate *control, enum stop_reason reason, const char *message);
/* The reason, cheap enough for every round; *end_ns and *end_mono are filled if there is one. */
enum stop_reason runstate_reason(struct runstate *control, int64_t *end_ns, int64_t *end_mono);
/* One core more is full: stops the capture with the last. */
void runstate_core_full(struct runstate *control);

/* "count", "time", ... as status files have it. */
const char *stop_reason_name(enum stop_reason reason);

#endif
