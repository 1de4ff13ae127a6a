/*
 * The offset of an engine's clock from this host's, with a bound of its error, as NTP measures it
 * (RFC 5905 section 8).
 */
#ifndef VCAP_CLOCK_OFFSET_H
#define VCAP_CLOCK_OFFSET_H

#include "base/failure.h"
#include "base/keyval.h"

#include <stdbool.h>
#include <stdint.h>

struct clock_offset {
	int64_t offset_ns; /* the other clock minus this one: positive if it is ahead */
	int64_t error_ns;  /* the most that offset_ns may be wrong by */
};

#define CLOCK_OFFSET_EXCHANGES 8

/* Measures it by this number of exchanges (at least one) with `vcap-host clock` on the engine, through
 * vcap-on. Fails if an answer is not a time or takes longer than ten seconds; *offset is unchanged
 * then. */
int clock_offset_measure(struct clock_offset *offset, const char *engine, unsigned exchanges,
			 struct failure *why);

/* Writes "OFFSET ERROR", both in seconds with nine decimals. Returns text. */
#define CLOCK_OFFSET_TEXT 64
const char *clock_offset_print(const struct clock_offset *offset, char text[CLOCK_OFFSET_TEXT]);

/* Reads the line called key, which has that form. False, and *offset unchanged, if there is none or
 * it is malformed. */
bool clock_offset_read(struct clock_offset *offset, const struct keyval *kv, const char *key);

/* The middle of two measurements, for a clock that drifted from one to the other in between. The
 * error covers both. */
struct clock_offset clock_offset_between(struct clock_offset one, struct clock_offset other);

/* Whether the clocks are known to differ: the offset is larger than the error. */
bool clock_offset_is_certain(const struct clock_offset *offset);

#endif
