/*
 * What a capture file holds, counted: enough to tell whether a copy is whole.
 */
#ifndef VCAP_TALLY_H
#define VCAP_TALLY_H

#include "failure.h"

#include <stdbool.h>
#include <stdint.h>

struct tally {
	uint64_t packets;
	uint64_t bytes; /* captured, the sum of caplen */
	bool cut_short; /* damaged, cut off, or without vcap's end mark */
};

/* Counts the file at path, in a process of its own that has given up every privilege before it
 * looks at the first byte. -1: it could not be counted. */
int tally_take(struct tally *tally, const char *path, struct failure *why);

#endif
