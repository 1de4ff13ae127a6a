/*
 * The offset of an engine's clock from this host's and the bound of its error, measured as NTP does
 * (RFC 5905 section 8).
 */
#ifndef VCAP_CLOCK_OFFSET_H
#define VCAP_CLOCK_OFFSET_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"

#include <stdbool.h>
#include <stdint.h>

struct clock_offset {
	int64_t offset_ns; /* the other clock minus this one: positive if it is ahead */
	int64_t error_ns;  /* bound of the error of offset_ns */
};

/* No measurement yet: every exchange is better. */
#define CLOCK_OFFSET_INIT      ((struct clock_offset){.error_ns = INT64_MAX})
#define CLOCK_OFFSET_EXCHANGES 8

/* Takes an exchange as the measurement if it was shorter than that of *best: this host's times before
 * and after (ns since 1970), and the engine's answer. One during which this clock was set back does
 * not count. Pure. */
void clock_offset_exchange(struct clock_offset *best, int64_t before, int64_t there, int64_t after);

/* Measures the offset in this number of exchanges (at least one) with `vcap-host clock` on the
 * engine, through vcap-on. -1 with why, *offset unchanged: an answer was not a time, or took more
 * than ten seconds. What is printed behind the answers by something else is told in behind: its first line, a
 * message of one line; nothing is FAILURE_INIT. */
int clock_offset_measure(struct clock_offset *offset, const char *engine, unsigned exchanges,
			 struct failure *behind, struct failure *why);

/* Writes "OFFSET ERROR", both in seconds with nine decimals. Returns text. */
#define CLOCK_OFFSET_TEXT 64
const char *clock_offset_print(const struct clock_offset *offset, char text[CLOCK_OFFSET_TEXT]);

/* Reads the value of key, which has the form that clock_offset_print writes. False, *offset
 * unchanged: the key is absent or its value malformed. */
bool clock_offset_read(struct clock_offset *offset, const struct keyval *kv, const char *key);

/* Appends the option of vcap-merge that adds ns to an engine's times. */
void clock_offset_correct(const char *engine, int64_t ns, struct strvec *options);

/* The mean of two measurements, for a clock that drifted between them. The error covers both. */
struct clock_offset clock_offset_between(struct clock_offset one, struct clock_offset other);

/* Whether the offset exceeds its error, so that the clocks certainly differ. */
bool clock_offset_is_certain(const struct clock_offset *offset);

#endif
