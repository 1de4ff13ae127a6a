/*
 * Somebody who knows pairs (pairing.h) and tells them as they come: conntrack, haproxyring and
 * logtail each open one. Whoever has it waits for its descriptors and lets it take what there is:
 *
 *	do
 *		poll(feed->fds, PAIRSOURCE_FDS, feed->timeout_ms);
 *	while ((rc = feed->take(feed, &why)) > 0);
 *
 * Opening takes privileges (priv.h); from then on each says what it still needs.
 */
#ifndef VCAP_PAIRSOURCE_H
#define VCAP_PAIRSOURCE_H

#include "base/failure.h"
#include "flows/connpair.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define PAIRSOURCE_FDS 3

/* Told of each pair. */
typedef void pairsource_report(void *context, const struct connpair *pairing);

struct pairsource {
	struct pollfd fds[PAIRSOURCE_FDS]; /* those that are not needed are -1 */
	int timeout_ms;
	bool is_current;     /* what there was when it was opened has been told */
	struct failure note; /* something to say; whoever says it empties it */
	pairsource_report *report;
	void *context;
	/* 1: it goes on; 0: no more will come; -1: it cannot go on. Does not block. */
	int (*take)(struct pairsource *feed, struct failure *why);
	void (*close)(struct pairsource *feed); /* and frees */
	bool has_bad_lines;
};

/* Tells the pair of a line of HAProxy's log, unless it is older than since_ns; a note is made of
 * the first that is wrong. The pair's time; INT64_MIN: none. */
int64_t pairsource_log_line(struct pairsource *feed, const char *line, int64_t since_ns);

/* Milliseconds from now to then, for poll, rounded up; at least 0. */
int pairsource_ms_until(int64_t then_ns, int64_t now_ns);

#endif
