/*
 * How the clock of a pcapng interface counts (if_tsresol, if_tsoffset, section 4.2 of the draft),
 * and its times in nanoseconds.
 */
#ifndef VCAP_TICKS_H
#define VCAP_TICKS_H

#include <stdbool.h>
#include <stdint.h>

struct ticks {
	enum { TICKS_NS, TICKS_MULTIPLY, TICKS_DIVIDE, TICKS_SHIFT } rule;
	uint64_t factor;    /* TICKS_MULTIPLY, TICKS_DIVIDE */
	unsigned shift;     /* TICKS_SHIFT: 2^-shift seconds */
	int64_t offset_sec; /* if_tsoffset */
};

/* if_tsresol: a negative power of ten, or of two if the highest bit is set. */
struct ticks ticks_of(unsigned char resolution);

/* A count of ticks in nanoseconds since 1970, rounded down; false if an int64_t cannot hold it, or
 * before 1970. */
bool ticks_ns(const struct ticks *ticks, uint64_t count, int64_t *ns);

#endif
