/*
 * How far another clock is from this one: by asking it several times over one session and believing
 * the answer that was fastest. The engine's clock said T between this one's a and b, so that it is
 * ahead by T - (a + b) / 2, give or take (b - a) / 2 (RFC 5905 section 8, with the answer's own
 * time taken as none).
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

/* Asks `vcap-host clock` on the engine, through vcap-on, that many times (at least once). An answer
 * that is no time, or does not come within ten seconds, is a failure. */
int clock_offset_measure(struct clock_offset *offset, const char *engine, unsigned exchanges,
			 struct failure *why);

/* "OFFSET ERROR", both in seconds with nine decimals. */
#define CLOCK_OFFSET_TEXT 64
const char *clock_offset_print(const struct clock_offset *offset, char text[CLOCK_OFFSET_TEXT]);

/* Reads the line called key of that form. False if there is none. */
bool clock_offset_read(struct clock_offset *offset, const struct keyval *kv, const char *key);

/* The span between two: its middle, and an error that covers both and the way from one to the
 * other. */
struct clock_offset clock_offset_between(struct clock_offset one, struct clock_offset other);

/* Whether the clocks are known to differ: the offset is larger than the error. */
bool clock_offset_is_certain(const struct clock_offset *offset);

#endif
