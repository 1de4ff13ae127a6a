/*
 * Streams of packets from engines. Each is a command that reads the job, then newlines that renew
 * its lease, and writes pcapng to standard output and messages to standard error.
 *
 *	livestream_start, for each -> a reader of .out -> livestreams_serve -> livestreams_end
 */
#ifndef VCAP_LIVESTREAM_H
#define VCAP_LIVESTREAM_H

#include "base/failure.h"
#include "base/process.h"

#include <signal.h>
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
	bool has_ended, is_cut_off;
	int status; /* once has_ended: the exit status, EXIT_TIMEOUT if it was cut off, -1 if it could
		     * not be started */
};

/* Reports a line of a stream's standard error; line NULL: the stream has ended. */
typedef void livestream_report(const struct livestream *livestream, const char *line);

/* Starts argv for the engine, whose name must live as long. The caller reads the packets from .out,
 * a pipe that is close-on-exec. -1 with why: has_ended is set, with status -1. */
int livestream_start(struct livestream *livestream, const char *engine, char *const *argv,
		     struct failure *why);

/* The streams of one capture. */
struct livestreams {
	struct livestream *list;
	size_t count;
	const char *job;         /* sent to each stream first; the caller's */
	int64_t heartbeat_ns;    /* interval of the renewals */
	const sigset_t *signals; /* the signal mask while waiting */
	livestream_report *report;
};

/*
 * Sends the job, renews the leases and reports errors until the reader exits (reader NULL: until
 * all streams have ended), a signal arrives, or timeout_ns have passed (negative: no limit).
 * Returns false if the reader has exited, else true.
 */
bool livestreams_serve(struct livestreams *streams, const struct process *reader,
		       int64_t timeout_ns);

/* Ends all leases: the engines send what they still hold, and exit. */
void livestreams_release(struct livestreams *streams);

/* Terminates the streams that still run, and reports the end of each. */
void livestreams_end(struct livestreams *streams);

#endif
