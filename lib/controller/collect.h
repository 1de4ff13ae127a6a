/*
 * What vcap-wait does for a capture: watch until its engines are done, fetch, merge, verify, clean
 * up. Each step begins from what the spool says, so that a process that was killed is followed by
 * one that goes on.
 */
#ifndef VCAP_COLLECT_H
#define VCAP_COLLECT_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stdint.h>

struct collect {
	struct spool_entry *entry; /* locked by the caller */
	int64_t poll_ns; /* how often engines are asked; 0: as the capture's age suggests */
	bool is_short;   /* there is no room on this host: a failure that passes, nothing is lost */
	char *problems;  /* what makes the result partial so far: heap, NULL: nothing */
};

void collect_release(struct collect *collect);

/* Until every engine that takes part has ended, or has been out of reach for longer than the
 * capture's patience while nobody else captures any more. Engines given up become `missing`. */
int collect_watch(struct collect *collect, struct failure *why);

/* A file of each engine into the spool, whose reserve stays free: if it would not, that is a
 * failure before anything is fetched, or in the middle if somebody else has filled the disk. What
 * cannot be fetched becomes `missing`. */
int collect_fetch(struct collect *collect, struct failure *why);

/* The files to one, which is counted. */
int collect_merge(struct collect *collect, struct failure *why);

/* Removes the copies that are no longer needed, and sets the state: done, or partial with the
 * problems. */
int collect_finish(struct collect *collect, struct failure *why);

#endif
