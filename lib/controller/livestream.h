/*
 * Engines that stream their packets while their leases are kept: each is a command that reads the
 * job, then a newline now and then, writes pcapng, and complains on standard error.
 *
 *	livestream_start ... -> a reader of .out -> livestreams_tend ... -> livestreams_end
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
	int out;        /* reads what it writes; the caller's to close, and -1 then */
	int lease;      /* the job and the beats go here; -1 once closed */
	int errors;     /* reads its complaints */
	size_t sent;    /* bytes of the job */
	char line[512]; /* of complaints, as far as it has come */
	size_t line_used;
	bool has_ended;
	int status; /* then; -1: it could not be started */
};

/* Reports a line of complaint, or, with line NULL, that the stream has ended. */
typedef void livestream_report(const struct livestream *livestream, const char *line);

/* Starts argv. .out is a pipe, close-on-exec, from which its packets are read. -1: it cannot be
 * started; it has ended. */
int livestream_start(struct livestream *livestream, const char *engine, char *const *argv,
		     struct failure *why);

/* Sends what is to be sent, passes on what is to be told, and waits for at most timeout_ns
 * (negative: for ever), for a signal, or for the end of reader, whichever comes first; without a
 * reader (NULL) for the end of all streams. Returns whether the reader runs. every_ns: how often
 * leases are kept. signals: the mask while it waits. */
bool livestreams_tend(struct livestream *streams, size_t count, const char *job, int64_t every_ns,
		      const struct process *reader, int64_t timeout_ns, const sigset_t *signals,
		      livestream_report *told);

/* Lets all leases go: the engines end, and send what they have. */
void livestreams_release(struct livestream *streams, size_t count);

/* Ends those that still run. */
void livestreams_end(struct livestream *streams, size_t count, livestream_report *told);

#endif
