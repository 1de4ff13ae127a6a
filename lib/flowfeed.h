/*
 * Somebody who knows pairs (pairing.h) and tells them as they come: conntrack, haproxyring and
 * logtail each open one. Whoever has it waits for its descriptors and lets it take what there is:
 *
 *	do
 *		poll(feed->fds, FLOWFEED_FDS, feed->timeout_ms);
 *	while ((rc = feed->take(feed, &why)) > 0);
 *
 * Opening takes privileges (priv.h); from then on each says what it still needs.
 */
#ifndef VCAP_FLOWFEED_H
#define VCAP_FLOWFEED_H

#include "failure.h"
#include "pairing.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOWFEED_FDS 3

/* Told of each pair. */
typedef void flowfeed_report(void *context, const struct pairing *pairing);

struct flowfeed {
	struct pollfd fds[FLOWFEED_FDS]; /* those that are not needed are -1 */
	int timeout_ms;
	bool is_current;     /* what there was when it was opened has been told */
	struct failure note; /* something to say; whoever says it empties it */
	flowfeed_report *report;
	void *context;
	/* 1: it goes on; 0: no more will come; -1: it cannot go on. Does not block. */
	int (*take)(struct flowfeed *feed, struct failure *why);
	void (*close)(struct flowfeed *feed); /* and frees */
	bool has_bad_lines;
};

/* Tells the pair of a line of HAProxy's log, unless it is older than since_ns; a note is made of
 * the first that is wrong. The pair's time; INT64_MIN: none. */
int64_t flowfeed_log_line(struct flowfeed *feed, const char *line, int64_t since_ns);

/* Milliseconds from now to then, for poll, rounded up; at least 0. */
int flowfeed_ms_until(int64_t then_ns, int64_t now_ns);

#endif
