/*
 * Streams of packets from engines. Each stream is a command that reads the job and then newlines,
 * which renew its lease, and writes pcapng; its errors are lines on standard error.
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
	size_t sent;    /* bytes of the job that were written */
	char line[512]; /* the last line of standard error, if it is not complete yet */
	size_t line_used;
	bool has_ended;
	int status; /* the exit status, once has_ended; -1: it could not be started */
};

/* Reports a line of a stream's standard error, or, with line NULL, that the stream has ended. */
typedef void livestream_report(const struct livestream *livestream, const char *line);

/* Starts argv. .out is a pipe, close-on-exec, from which its packets are read. On -1 has_ended is
 * set, with status -1. */
int livestream_start(struct livestream *livestream, const char *engine, char *const *argv,
		     struct failure *why);

/* The streams of one capture. */
struct livestreams {
	struct livestream *list;
	size_t count;
	const char *job;         /* sent to each stream first; the caller's */
	int64_t heartbeat_ns;    /* how often leases are renewed */
	const sigset_t *signals; /* the signal mask while waiting */
	livestream_report *report;
};

/*
 * Sends the job, renews the leases and reports errors until the reader ends, a signal arrives, or
 * timeout_ns have passed (negative: no limit); with reader NULL until all streams have ended instead
 * of the reader. Returns false if the reader has ended, else true.
 */
bool livestreams_serve(struct livestreams *streams, const struct process *reader,
		       int64_t timeout_ns);

/* Closes all leases: the engines then send what they still hold, and end. */
void livestreams_release(struct livestreams *streams);

/* Terminates the streams that still run, and reports their ends. */
void livestreams_end(struct livestreams *streams);

#endif
