/*
 * A time in the future, as people write it:
 *
 *	+5m				from now (parse.h; a bare number means minutes)
 *	03:00, 03:00:30			the next such time of day
 *	2026-11-30 03:00, 2026-11-30T03:00:30, with Z or +01:00 right behind
 *
 * Times of day and dates are local ones (TZ) unless a zone is given.
 */
#ifndef VCAP_DATETIME_H
#define VCAP_DATETIME_H

#include "base/failure.h"

#include <stdint.h>

/* Reads word into *at_ns; both times in ns since 1970-01-01 00:00 UTC. -1 with why: word is not a
 * time, or is not after now_ns; *at_ns is unchanged. */
int datetime_parse(const char *word, int64_t now_ns, int64_t *at_ns, struct failure *why);

/* Likewise a moment that captures may have, past or not, with fractions of a second:
 *
 *	-5m				before now
 *	03:00, 03:00:30.25		today
 *	2026-11-30 03:00, 2026-11-30T03:00:30.25Z
 *	1764471630.25			seconds since 1970, as captures have them
 */
int datetime_parse_moment(const char *word, int64_t now_ns, int64_t *at_ns, struct failure *why);

#define DATETIME_TEXT 32 /* bytes */

/* Writes at_ns, since 1970-01-01 00:00 UTC, as local time: "2026-11-30 03:00:00". Returns to. */
char *datetime_format(int64_t at_ns, char to[DATETIME_TEXT]);

#define DATETIME_UTC 48 /* bytes */

/* Writes at_ns as "2026-11-22T10:15:00.123456789Z". Returns to. */
char *datetime_utc(int64_t at_ns, char to[DATETIME_UTC]);

#define DATETIME_ZONE 8 /* bytes */

/* Writes how far local time is ahead of UTC at that moment: "+01:00". Returns to. */
char *datetime_zone(int64_t at_ns, char to[DATETIME_ZONE]);
/* Writes the heading of a column of local times, with today's zone: "DATE (+01:00)". name has at most 16
 * characters. Returns to. */
char *datetime_head(const char *name, char to[DATETIME_TEXT]);

#endif
