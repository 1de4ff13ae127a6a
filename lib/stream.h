/*
 * Engines that stream their packets while their leases are kept: each a command that reads the job
 * and then a newline now and then, writes pcapng, and complains on standard error.
 *
 *	stream_start ... -> whoever reads .out -> streams_tend ... -> streams_end
 */
#ifndef VCAP_STREAM_H
#define VCAP_STREAM_H

#include "child.h"
#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream {
	const char *engine; /* the caller's */
	struct child child;
	int out;        /* reads what it writes; the caller's to close, and -1 then */
	int lease;      /* the job and the beats go here; -1 once closed */
	int errors;     /* reads its complaints */
	size_t sent;    /* bytes of the job */
	char line[512]; /* of complaints, as far as it has come */
	size_t line_used;
	bool has_ended;
	int status; /* then; -1: it could not be started */
};

/* Who is told that: a line of complaint, or (line is NULL) that the stream has ended. */
typedef void stream_told(const struct stream *stream, const char *line);

/* Starts argv. Its stream is the pipe .out, which survives no exec. -1: it cannot be started. */
int stream_start(struct stream *stream, const char *engine, char *const *argv, struct failure *why);

/* Sends what is to be sent, passes on what is to be told, and waits for at most timeout_ns
 * (negative: for ever), for a signal, or for the end of reader, whichever comes first; without a
 * reader (NULL) for the end of all streams. Returns whether the reader runs. every_ns: how often
 * leases are kept. signals: the mask while it waits. */
bool streams_tend(struct stream *streams, size_t count, const char *job, int64_t every_ns,
		  const struct child *reader, int64_t timeout_ns, const void *signals,
		  stream_told *told);

/* Lets all leases go: the engines end, and send what they have. */
void streams_let_go(struct stream *streams, size_t count);

/* Ends those that still run. */
void streams_end(struct stream *streams, size_t count, stream_told *told);

#endif
