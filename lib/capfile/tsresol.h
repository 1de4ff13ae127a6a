/*
 * The resolution and offset of the timestamps of a pcapng interface (if_tsresol, if_tsoffset;
 * section 4.2 of draft-ietf-opsawg-pcapng).
 */
#ifndef VCAP_TSRESOL_H
#define VCAP_TSRESOL_H

#include <stdbool.h>
#include <stdint.h>

struct tsresol {
	/* nanoseconds; count * factor; count / factor; count >> shift */
	enum { TSRESOL_NS, TSRESOL_MULTIPLY, TSRESOL_DIVIDE, TSRESOL_SHIFT } rule;
	uint64_t factor;    /* TSRESOL_MULTIPLY, TSRESOL_DIVIDE */
	unsigned shift;     /* TSRESOL_SHIFT: 2^-shift seconds */
	int64_t offset_sec; /* if_tsoffset */
};

/* Parses if_tsresol: a negative power of ten, or of two if the highest bit is set. The offset is
 * 0. */
struct tsresol tsresol_parse(unsigned char value);

/* Converts a timestamp to nanoseconds since 1970, rounded down. False if that is before 1970 or
 * does not fit: *ns is then not to be used. */
bool tsresol_ns(const struct tsresol *resolution, uint64_t count, int64_t *ns);

#endif
