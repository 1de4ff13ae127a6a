/*
 * Since when a capture is complete: a ring that keeps the newest files of each core has lost what was
 * before. vcap-run says in each file when it was begun, `complete-since SECONDS.NANOSECONDS`, and a merged
 * file says of each engine since when all its cores are complete, `ENGINE: complete-since ...`, by that
 * engine's clock as the merge has corrected it.
 */
#ifndef VCAP_COMPLETENESS_H
#define VCAP_COMPLETENESS_H

#include "base/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct completeness {
	struct completeness_file *list; /* heap */
	size_t count;
	bool failed; /* memory ran out */
};

#define COMPLETENESS_INIT ((struct completeness){0})

/* Frees everything. */
void completeness_release(struct completeness *completeness);

/* Whether a comment of vcap-run is such a time, in ns since 1970. */
bool completeness_parse(const char *comment, int64_t *since_ns);
/* Likewise one of vcap-merge, whose first *size bytes name the engine. */
bool completeness_parse_merged(const char *comment, size_t *size, int64_t *since_ns);
/* The comment of vcap-merge; heap, NULL: out of memory. */
char *completeness_format(const char *engine, int64_t since_ns);

/* Those comments in words, a line each; comments is a NULL-ended list, or NULL. Heap; NULL: there are none,
 * or out of memory. */
char *completeness_lines(char *const *comments);

/* Adds a file of an engine's core, which is any number, or of all its cores. */
void completeness_add(struct completeness *completeness, const char *engine, uint64_t core,
		      int64_t since_ns);

/* Adds a comment for each engine: the latest, over its cores, of the time at which the oldest file of that
 * core was begun. Reorders the list. */
void completeness_tell(struct completeness *completeness, struct strvec *comments);

#endif
