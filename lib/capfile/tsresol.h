/*
 * How the clock of a pcapng interface counts (if_tsresol, if_tsoffset, section 4.2 of the draft),
 * and its times in nanoseconds.
 */
#ifndef VCAP_TSRESOL_H
#define VCAP_TSRESOL_H

#include <stdbool.h>
#include <stdint.h>

struct tsresol {
	enum { TSRESOL_NS, TSRESOL_MULTIPLY, TSRESOL_DIVIDE, TSRESOL_SHIFT } rule;
	uint64_t factor;    /* TSRESOL_MULTIPLY, TSRESOL_DIVIDE */
	unsigned shift;     /* TSRESOL_SHIFT: 2^-shift seconds */
	int64_t offset_sec; /* if_tsoffset */
};

/* if_tsresol: a negative power of ten, or of two if the highest bit is set. */
struct tsresol tsresol_parse(unsigned char resolution);

/* A count of ticks in nanoseconds since 1970, rounded down; false if an int64_t cannot hold it, or
 * before 1970. */
bool tsresol_ns(const struct tsresol *ticks, uint64_t count, int64_t *ns);

#endif
