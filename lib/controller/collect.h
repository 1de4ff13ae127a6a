/*
 * What vcap-wait does for a capture: wait for the engines, fetch their files, merge them, verify
 * the result, clean up. The steps are called in the order below. Each returns 0, or -1 with why; a
 * step that failed can be repeated, also by another process.
 */
#ifndef VCAP_COLLECT_H
#define VCAP_COLLECT_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/following.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stdint.h>

struct collect {
	struct spool_entry *entry; /* locked by the caller */
	config_variable *variable; /* of the configuration: which engines are regions */
	int64_t poll_ns;           /* interval of the polls; 0: it follows from the capture's age */
	bool is_short;  /* set when a step fails for lack of disk space here: retry later */
	char *problems; /* why the result is partial: heap; NULL: it is not */
	struct following following; /* the sessions with the engines */
};

/* Frees the problems, and ends the sessions and the connections with the engines (sshmux.h). */
void collect_release(struct collect *collect);

/* Records the clock offsets, and waits until the engines have ended (poll_until_ended). */
int collect_watch(struct collect *collect, struct failure *why);

/* Fetches the file of each engine into the spool. An engine whose file cannot be fetched becomes
 * `missing`. Fails, with is_short, before the disk falls below its reserve; files fetched so far
 * are kept. */
int collect_fetch(struct collect *collect, struct failure *why);

/* Merges the files into one, compares its counts with those of the engines, and sets the facts
 * size, packets, bytes and dropped. */
int collect_merge(struct collect *collect, struct failure *why);

/* Removes the engines' copies, sets the state (done, or partial with the problems), and removes the
 * fetched files. */
int collect_finish(struct collect *collect, struct failure *why);

/* Of a capture with a merged file: fetches the parts that engines still have (orphans.h), puts one
 * with them in its place, and removes copies that are left. -1 with why: the merged file and the
 * state are as before. */
int collect_complete(struct collect *collect, struct failure *why);

#endif
