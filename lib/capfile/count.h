/*
 * Counts the packets of a capture file: enough to tell whether a copy of it is whole.
 */
#ifndef VCAP_COUNT_H
#define VCAP_COUNT_H

#include "base/failure.h"
#include "packet/connects.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	COUNT_NO_LINKTYPE = -1, /* no interface */
	COUNT_LINKTYPES = -2,   /* several that differ */
};

struct count {
	uint64_t packets;
	uint64_t bytes; /* the sum of caplen */
	/* Of interfaces whose name ends in "/client" or "/server". */
	uint64_t clients, servers;
	bool cut_short; /* damaged, cut off, or without vcap's end mark */
	int linktype;   /* LINKTYPE_* of its interfaces; COUNT_NO_LINKTYPE, COUNT_LINKTYPES */
	/* By connects_format, separated by "; ": of interfaces whose name ends in "/server". */
	char failed_connects[CONNECTS_TEXT];
};

/* Counts the file at path, in a process of its own that is confined (sandbox_confine) before it
 * reads the first byte. 0, also for a damaged file (cut_short); -1 if it cannot be read or is not a
 * capture file: count is then unchanged. */
int count_file(struct count *count, const char *path, struct failure *why);

#endif
