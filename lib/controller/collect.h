/*
 * The work of vcap-wait for a capture: it waits for the engines, fetches their files, merges them,
 * checks the result and cleans up. The steps are called in this order.
 */
#ifndef VCAP_COLLECT_H
#define VCAP_COLLECT_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stdint.h>

struct collect {
	struct spool_entry *entry; /* locked by the caller */
	int64_t poll_ns;           /* interval of the polls; 0: it follows from the capture's age */
	bool is_short;  /* set when a step fails for lack of disk space: it can be repeated later */
	char *problems; /* why the result is partial: heap; NULL: it is not */
};

/* Frees the problems. */
void collect_release(struct collect *collect);

/* Waits for the engines to end, as poll_until_ended does, and compares their clocks before. */
int collect_watch(struct collect *collect, struct failure *why);

/* Fetches the file of each engine into the spool. An engine whose file cannot be fetched becomes
 * `missing`. Fails, with is_short, if the disk would be left with less than its reserve; files that were
 * fetched until then are kept. */
int collect_fetch(struct collect *collect, struct failure *why);

/* Merges the files to one, and compares its counts with those of the engines. */
int collect_merge(struct collect *collect, struct failure *why);

/* Removes the engines' files, there and here, and sets the state: done, or partial with the problems.
 */
int collect_finish(struct collect *collect, struct failure *why);

#endif
