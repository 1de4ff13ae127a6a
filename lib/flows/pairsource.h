/*
 * An open source of connection pairs (connpair.h), which reports them as they become known:
 * conntrack, haproxy_ring and logtail each open one. Its user polls and lets it read:
 *
 *	do
 *		poll(source->fds, PAIRSOURCE_FDS, source->timeout_ms);
 *	while ((rc = source->read(source, &why)) > 0);
 *
 * Opening takes privileges (priv.h); each source says which it still needs from then on.
 */
#ifndef VCAP_PAIRSOURCE_H
#define VCAP_PAIRSOURCE_H

#include "base/failure.h"
#include "flows/connpair.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define PAIRSOURCE_FDS 3

struct pairsource;

/* What becomes of a line of a log: as pairsource_log_line. */
typedef int64_t pairsource_line(struct pairsource *source, const char *line, int64_t since_ns);

struct pairsource {
	struct pollfd fds[PAIRSOURCE_FDS]; /* fd is -1 where there is nothing to poll */
	int timeout_ms;                    /* for poll; -1: none */
	bool is_current;         /* the pairs that existed when it was opened have been reported */
	struct failure note;     /* a line for the user, or empty; its user empties it */
	connpair_report *report; /* NULL: there are only lines */
	void *context;           /* for report */
	pairsource_line *line;   /* pairsource_log_line, unless its opener has set another */
	/* Reads what has arrived, and reports its pairs. 1: more may follow; 0: the end; -1: it
	 * cannot go on. Does not block. */
	int (*read)(struct pairsource *source, struct failure *why);
	void (*close)(struct pairsource *source); /* closes and frees it */
	bool has_bad_lines;                       /* a note has said so */
};

/* Reports the pair in a line of HAProxy's log (haproxy_log.h), unless its time is before since_ns.
 * The first line with a bad pair makes a note. Returns the pair's time in nanoseconds since 1970,
 * or INT64_MIN: no pair. */
int64_t pairsource_log_line(struct pairsource *source, const char *line, int64_t since_ns);

/* The time of the pair in such a line, as pairsource_log_line returns it; reports nothing. */
int64_t pairsource_line_time(const char *line);

/* Tells the user a line. */
typedef void pairsource_tell(const char *format, ...);

/* Milliseconds from now to then, rounded up, for poll: 0 to 60000. */
int pairsource_ms_until(int64_t then_ns, int64_t now_ns);

/* Waits until the source has something to read, or its timeout has passed. Also polls out, unless
 * it is -1. 1; 0: the reader of out is gone; -1: cannot poll. */
int pairsource_wait(struct pairsource *source, int out, struct failure *why);

#endif
