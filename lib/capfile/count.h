/*
 * What a capture file holds, counted: enough to tell whether a copy is whole.
 */
#ifndef VCAP_COUNT_H
#define VCAP_COUNT_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

struct count {
	uint64_t packets;
	uint64_t bytes; /* captured, the sum of caplen */
	bool cut_short; /* damaged, cut off, or without vcap's end mark */
};

/* Counts the file at path, in a process of its own that has given up every privilege before it
 * looks at the first byte. -1: it could not be counted. */
int count_file(struct count *tally, const char *path, struct failure *why);

#endif
