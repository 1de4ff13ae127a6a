/*
 * Finds the packets of a time in a capture file without reading what is before them, as tcpslice does.
 *
 * What it finds is likely, not certain: bytes of a payload may look like records, and a file need not be in
 * order. The caller proves it by reading up to there (merge/slices.h).
 */
#ifndef VCAP_TIMESEEK_H
#define VCAP_TIMESEEK_H

#include "capfile/reader.h"

#include <stdbool.h>
#include <stdint.h>

/* A record of a packet: where it stands, and its time in nanoseconds. */
struct timeseek {
	uint64_t place;
	int64_t ts_ns;
};

/* The first record at the offset or behind it, which is behind `from`, within an hour of that. The file has begun and
 * can be revisited; its buffers are not used. False: none was found within 256 KiB. */
bool timeseek_near(const struct reader *file, const struct timeseek *from, uint64_t offset,
		   struct timeseek *found);

/* The first record that is not older than ts_ns, behind `from`, one that is, within an hour. guess: the offset where
 * it is expected. False: it was not found soon. */
bool timeseek_find(const struct reader *file, const struct timeseek *from, uint64_t guess,
		   int64_t ts_ns, struct timeseek *found);

#endif
