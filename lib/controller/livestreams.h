/*
 * The streams of a live capture, one for each engine, with a session beside each that measures its clock,
 * and the vcap-merge that reads them. A stream that breaks is connected again while the others go on, and
 * so is one that did not come about, once something has come of another.
 *
 *	livestreams_open -> livestreams_measure -> a vcap-merge reads all .stream.out -> livestreams_serve ...
 *	-> livestreams_release -> livestreams_serve -> livestreams_end
 */
#ifndef VCAP_LIVESTREAMS_H
#define VCAP_LIVESTREAMS_H

#include "base/failure.h"
#include "base/process.h"
#include "controller/clock_session.h"
#include "controller/livestream.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reports the offset of an engine's clock; NULL: it did not send its time. */
typedef void livestreams_clock(const char *engine, const struct clock_offset *offset);

struct live_engine {
	struct livestream stream;
	struct clock_session clock;
	int64_t correction_ns; /* what the merge adds to its times */
	bool is_measured;
	/* Private. */
	bool is_over;      /* the stream has ended, and that was seen to */
	bool has_told_end; /* the merge knows that no more comes */
	unsigned tries;    /* since something has come of it */
	int64_t again_ns;  /* monotonic: when it may be connected again; INT64_MAX: not */
	int64_t
	    hand_over_ns; /* when the merge gets the new stream, at the latest; INT64_MAX: none waits */
	int64_t clock_ns; /* when another session is begun; INT64_MAX: not */
};

struct livestreams {
	struct live_engine *list; /* heap */
	size_t count;
	/* Set first. */
	const char *job;               /* sent to each stream first; the caller's */
	int64_t heartbeat_ns;          /* interval of the renewals */
	const sigset_t *signals;       /* the signal mask while waiting */
	enum livestream_limits limits; /* whether streams are to end by themselves */
	int64_t until_ns; /* monotonic: nothing is connected after that; INT64_MAX: never */
	livestream_report *report;
	livestreams_clock *report_clock;
	/* Starts the stream of list[i] (livestream_start), again if it had one. -1 with why: it has ended. */
	int (*start)(void *context, struct livestream *stream, const char *engine,
		     struct failure *why);
	void *context;
	int wake;    /* serving ends when it can be read, as by a signal; the caller's, or -1 */
	int control; /* to the merge (base/mergecontrol.h), once there is one; or -1 */
	/* Private. */
	bool is_ending, has_begun; /* has_begun: something has come of one of them */
	int64_t renewed_ns;
	size_t lost; /* streams that have broken, or did not come about at first */
	struct pollfd *pollers;
};

/* Starts a stream and a clock session for each of the engines (NULL-ended), whose names must live as long.
 * What cannot be started is reported. -1: out of memory. */
int livestreams_open(struct livestreams *streams, char *const *engines, struct failure *why);

/* Serves the streams until all clocks have been measured and reported, or timeout_ns have passed. */
void livestreams_measure(struct livestreams *streams, int64_t timeout_ns);

/*
 * Sends the job, renews the leases, reports errors, connects again what has broken and measures clocks, until
 * the reader exits (reader NULL: until all streams have ended), a signal arrives, or timeout_ns have passed
 * (negative: no limit). Returns false if the reader has exited, else true.
 */
bool livestreams_serve(struct livestreams *streams, const struct process *reader,
		       int64_t timeout_ns);

/* Ends all leases: the engines send what they still hold, and exit. Nothing is connected any more. */
void livestreams_release(struct livestreams *streams);

/* Terminates the streams that still run, reports the end of each, and frees what only serving needs. */
void livestreams_end(struct livestreams *streams);

/* Whether all have failed, and the merge has read of none. */
bool livestreams_have_failed(const struct livestreams *streams);
/* Whether one has failed, or was lost for a while. */
bool livestreams_lack(const struct livestreams *streams);

#endif
