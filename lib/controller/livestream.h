/*
 * A stream of packets from an engine: a command that reads the job, then newlines that renew its lease, and
 * writes pcapng to standard output and messages to standard error.
 *
 *	livestream_start -> a reader of .out -> poll, livestream_serve ... -> livestream_cut_off
 */
#ifndef VCAP_LIVESTREAM_H
#define VCAP_LIVESTREAM_H

#include "base/failure.h"
#include "base/process.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct livestream {
	const char *engine; /* the caller's */
	struct process child;
	int out;        /* its standard output, to read from; the caller closes it */
	int lease;      /* its standard input, for the job and the heartbeats; -1 once closed */
	int errors;     /* its standard error, to read from; -1 once closed */
	size_t sent;    /* bytes of the job written so far */
	char line[512]; /* the incomplete last line of standard error */
	size_t line_used;
	char ended_by
	    [16]; /* why vcap-run has ended there, in its words: "time"; "": it has not said */
	bool has_ended, is_cut_off;
	bool is_let_go; /* what it sent could not be merged */
	int status; /* once has_ended: the exit status, EXIT_TIMEOUT if it was cut off, -1 if it could
		     * not be started */
	/* The caller's, which stay when it is started again: */
	bool has_begun;  /* something has come of it */
	bool is_lost;    /* it has broken, and is connected again */
	char said[2048]; /* the last lines reported, which are not repeated while it is lost */
	int64_t told_ns; /* monotonic: since when lines are counted that are reported */
	unsigned told;
};

/* Reports a line of a stream's standard error; line NULL: the stream has ended. */
typedef void livestream_report(const struct livestream *livestream, const char *line);

/* Starts argv (NULL: memory ran out) for the engine, whose name must live as long. The caller reads the packets from .out,
 * a pipe that is close-on-exec. -1 with why: has_ended is set, with status -1. */
int livestream_start(struct livestream *livestream, const char *engine, char *const *argv,
		     struct failure *why);

/* What of it is watched, by poll(). */
#define LIVESTREAM_WATCHED 3
void livestream_watch(const struct livestream *livestream, const char *job, struct pollfd *pollers);

/* Sends what there is room for of the job, or a newline if a heartbeat is due, and reports what is said. Once
 * the command has ended, has_ended is set; that is left to the caller to report. */
enum livestream_renewal { LIVESTREAM_KEEP, LIVESTREAM_RENEW };
void livestream_serve(struct livestream *livestream, const char *job,
		      enum livestream_renewal renewal, const struct pollfd *pollers,
		      livestream_report *report);

/* Ends its lease: the engine sends what it still holds, and exits. */
void livestream_release(struct livestream *livestream);

/* Ends it, because what it sends cannot be merged, which is reported. */
void livestream_let_go(struct livestream *livestream, livestream_report *report);

/* Terminates it if it still runs; livestream_reap waits for that. */
void livestream_cut_off(struct livestream *livestream);
void livestream_reap(struct livestream *livestream, livestream_report *report);

/* Whether it has ended as it was to: by a limit; or well, without a reason, as a region does, if it has one. */
enum livestream_limits { LIVESTREAM_ENDLESS, LIVESTREAM_LIMITED };
bool livestream_is_complete(const struct livestream *livestream, enum livestream_limits limits);
/* Whether it has ended with a status other than EXIT_DONE and EXIT_PARTIAL. */
bool livestream_has_failed(const struct livestream *livestream);
/* Whether another attempt may do better: not if nothing ever came and it was refused, or vcap is not there. */
bool livestream_may_return(const struct livestream *livestream);

#endif
