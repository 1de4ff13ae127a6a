/*
 * The run state that all threads of a capture share: whether it goes on, and if not, why, and since
 * when. The first reason to stop stands.
 */
#ifndef VCAP_RUNSTATE_H
#define VCAP_RUNSTATE_H

#include "base/failure.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum stop_reason {
	STOP_NONE,
	STOP_COUNT,     /* every core has its packets */
	STOP_TIME,      /* the duration has passed */
	STOP_SIGNAL,    /* SIGTERM, SIGINT or SIGHUP */
	STOP_REQUEST,   /* a file `stop` in its directory (rundir) */
	STOP_LEASE,     /* the lease ran out or was given up */
	STOP_SIZE,      /* the size cap */
	STOP_RESERVE,   /* the disk is down to its reserve */
	STOP_DISK_FULL, /* the file system refused a write */
	STOP_INTERFACE, /* no interface is left */
	STOP_CLOSED,    /* the stream has lost its reader */
	STOP_FILTER,    /* the filter command has ended, or its output is malformed */
	STOP_ERROR,     /* anything else: see message */
};

struct runstate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool has_begun; /* threads may look at packets */
	bool is_ending; /* threads may close what they read */
	enum stop_reason reason;
	char message[256];   /* details of the reason, or empty */
	int64_t start_ns;    /* CLOCK_REALTIME of the start */
	int64_t start_mono;  /* the same moment on CLOCK_MONOTONIC */
	int64_t end_ns;      /* CLOCK_REALTIME of the stop: later packets are not written */
	int64_t end_mono;    /* the same moment on CLOCK_MONOTONIC */
	unsigned cores_left; /* that are not full */
	/* Of runstate_forget_steps: a step that counts, since when (CLOCK_BOOTTIME); and what does no longer, read
	 * atomically. */
	int64_t step_ns, step_boot, forgotten_ns;
	int stop_fd;  /* eventfd(2); polls readable for every thread once there is a reason */
	bool abandon; /* give up a stream whose writes block; accessed atomically */
};

/* On failure nothing is left to release. */
int runstate_init(struct runstate *runstate, unsigned cores, struct failure *why);
/* Closes stop_fd. No thread may still use it. */
void runstate_release(struct runstate *runstate);

/* Records the start: packets are captured from now on. */
void runstate_start(struct runstate *runstate);

/* By how many nanoseconds CLOCK_REALTIME was set between the start and the stop (or now); 0 if by
 * less than a millisecond. Slewing (adjtime(3)) does not count: it moves both clocks. */
int64_t runstate_clock_step(const struct runstate *runstate);

/* For a capture that keeps nothing older than kept_ns: a step of the clock longer ago counts no more. One
 * thread, every second or so. */
void runstate_forget_steps(struct runstate *runstate, int64_t kept_ns);

/* Lets waiting threads begin. */
void runstate_begin(struct runstate *runstate);

/* Waits for runstate_begin. False: the capture was stopped before. */
bool runstate_wait_begin(struct runstate *runstate);

/* Lets threads that have ended close what they read: nobody else looks at it any more. */
void runstate_end(struct runstate *runstate);

/* Waits for runstate_end. */
void runstate_wait_end(struct runstate *runstate);

/* Stops the capture unless it was stopped already. Copies message. Any thread. */
void runstate_stop(struct runstate *runstate, enum stop_reason reason, const char *message);

/* The reason to stop, and then the time of it in *end_ns and *end_mono; STOP_NONE leaves these
 * unchanged. Takes no lock. */
enum stop_reason runstate_reason(struct runstate *runstate, int64_t *end_ns, int64_t *end_mono);

/* One more core is full. The last one stops the capture. */
void runstate_core_full(struct runstate *runstate);

/* The reason as the status file has it: "count", "time", ...; static. */
const char *stop_reason_name(enum stop_reason reason);

#endif
