#include "base/datetime.h"

#include "base/clock.h"
#include "base/parse.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NO_START "not a time, such as +5m, 03:00 or 2026-11-30T03:00: '%s'"

/* Parses two digits behind the character first ('\0': none), up to most. */
static bool
take_two(const char **s, char first, int most, int *out)
{
	const char *from = *s;

	if (first && *from++ != first)
		return false;
	if (!isdigit((unsigned char)from[0]) || !isdigit((unsigned char)from[1]))
		return false;
	*out = 10 * (from[0] - '0') + from[1] - '0';
	*s = from + 2;
	return *out <= most;
}

/* HH:MM or HH:MM:SS. */
static bool
take_clock(const char **s, struct tm *tm)
{
	if (!take_two(s, '\0', 23, &tm->tm_hour) || !take_two(s, ':', 59, &tm->tm_min))
		return false;
	tm->tm_sec = 0;
	return **s != ':' || take_two(s, ':', 59, &tm->tm_sec);
}

/* YYYY-MM-DD. */
static bool
take_date(const char **s, struct tm *tm)
{
	int century, year;

	if (!take_two(s, '\0', 99, &century) || !take_two(s, '\0', 99, &year) ||
	    !take_two(s, '-', 12, &tm->tm_mon) || !take_two(s, '-', 31, &tm->tm_mday))
		return false;
	tm->tm_year = 100 * century + year - 1900;
	tm->tm_mon--;
	return tm->tm_mon >= 0 && tm->tm_mday > 0;
}

/* Parses an optional zone, Z or +HH:MM, into seconds east of UTC. */
static bool
take_zone(const char *s, bool *has_zone, int *east)
{
	const int sign = *s == '-' ? -1 : 1;
	int hours, minutes;

	*has_zone = *s != '\0';
	*east = 0;
	if (!*s || strcmp(s, "Z") == 0)
		return true;
	if (*s != '+' && *s != '-')
		return false;
	s++;
	if (!take_two(&s, '\0', 23, &hours) || !take_two(&s, ':', 59, &minutes) || *s)
		return false;
	*east = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* mktime(3) turns an impossible time, such as February 30th, into another one: compare. */
static bool
resolve(struct tm tm, bool has_zone, int east, time_t *out)
{
	struct tm wanted = tm;
	time_t seconds;

	tm.tm_isdst = -1;
	seconds = has_zone ? timegm(&tm) : mktime(&tm);
	*out = seconds - east;
	return tm.tm_mday == wanted.tm_mday && tm.tm_hour == wanted.tm_hour &&
	       tm.tm_min == wanted.tm_min;
}

/* Today, or tomorrow if that is over. */
static bool
next_clock(const char *word, time_t now, time_t *out)
{
	struct tm tm;

	localtime_r(&now, &tm);
	if (!take_clock(&word, &tm) || *word)
		return false;
	if (resolve(tm, false, 0, out) && *out > now)
		return true;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	*out = mktime(&tm);
	return true;
}

static bool
dated(const char *word, time_t *out)
{
	struct tm tm = {0};
	bool has_zone;
	int east;

	if (!take_date(&word, &tm) || (*word != 'T' && *word != ' '))
		return false;
	word++;
	return take_clock(&word, &tm) && take_zone(word, &has_zone, &east) &&
	       resolve(tm, has_zone, east, out);
}

int
datetime_parse(const char *word, int64_t now_ns, int64_t *at_ns, struct failure *why)
{
	int64_t distance_ns;
	time_t at;

	if (*word == '+') {
		if (parse_duration(word + 1, NS_PER_MINUTE, &distance_ns, NULL) < 0)
			return failure_set(why, NO_START, word);
		*at_ns = now_ns + distance_ns;
		return 0;
	}
	if (!next_clock(word, (time_t)(now_ns / NS_PER_SECOND), &at) && !dated(word, &at))
		return failure_set(why, NO_START, word);
	if (at > INT64_MAX / NS_PER_SECOND)
		return failure_set(why, "the time is too far in the future: '%s'", word);
	if (at * NS_PER_SECOND <= now_ns)
		return failure_set(why, "the time is in the past: '%s'", word);
	*at_ns = at * NS_PER_SECOND;
	return 0;
}

/* Takes a fraction of a second out of text, which is behind a time of day. False: it is not one of up to
 * nine digits. */
static bool
cut_fraction(char *text, int64_t *ns)
{
	char *point = strchr(text, '.'), *end = point;
	int64_t unit = NS_PER_SECOND;

	*ns = 0;
	if (!point)
		return true;
	while (isdigit((unsigned char)*++end) && unit > 1)
		*ns += (*end - '0') * (unit /= 10);
	if (end == point + 1)
		return false;
	memmove(point, end, strlen(end) + 1);
	return true;
}

static bool
today(const char *word, time_t now, time_t *out)
{
	struct tm tm;

	localtime_r(&now, &tm);
	return take_clock(&word, &tm) && !*word && resolve(tm, false, 0, out);
}

int
datetime_parse_moment(const char *word, int64_t now_ns, int64_t *at_ns, struct failure *why)
{
	char text[64];
	int64_t ns;
	time_t at;

	if (*word == '-' && parse_duration(word + 1, NS_PER_MINUTE, &ns, NULL) == 0 &&
	    ns <= now_ns) {
		*at_ns = now_ns - ns;
		return 0;
	}
	if (isdigit((unsigned char)*word) && parse_offset(word, &ns, NULL) == 0) {
		*at_ns = ns;
		return 0;
	}
	snprintf(text, sizeof(text), "%s", word);
	if (strlen(word) >= sizeof(text) || !cut_fraction(text, &ns) ||
	    (!today(text, (time_t)(now_ns / NS_PER_SECOND), &at) && !dated(text, &at)) || at < 0 ||
	    at >= INT64_MAX / NS_PER_SECOND)
		return failure_set(
		    why,
		    "not a time, such as 2026-11-30T03:00:30Z, 03:00, -5m or seconds "
		    "since 1970: '%s'",
		    word);
	*at_ns = at * NS_PER_SECOND + ns;
	return 0;
}

char *
datetime_format(int64_t at_ns, char to[DATETIME_TEXT])
{
	const time_t at = (time_t)(at_ns / NS_PER_SECOND);
	struct tm tm;

	strftime(to, DATETIME_TEXT, "%Y-%m-%d %H:%M:%S", localtime_r(&at, &tm));
	return to;
}

char *
datetime_utc(int64_t at_ns, char to[DATETIME_UTC])
{
	const time_t seconds = (time_t)(at_ns / NS_PER_SECOND);
	struct tm utc;
	size_t used;

	gmtime_r(&seconds, &utc);
	used = strftime(to, DATETIME_UTC, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(to + used, DATETIME_UTC - used, ".%09lldZ", (long long)(at_ns % NS_PER_SECOND));
	return to;
}

char *
datetime_zone(int64_t at_ns, char to[DATETIME_ZONE])
{
	const time_t at = (time_t)(at_ns / NS_PER_SECOND);
	struct tm tm;
	long minutes = localtime_r(&at, &tm) ? tm.tm_gmtoff / 60 : 0;

	snprintf(to, DATETIME_ZONE, "%c%02d:%02d", minutes < 0 ? '-' : '+',
		 (int)(labs(minutes) / 60 % 24), (int)(labs(minutes) % 60));
	return to;
}

char *
datetime_head(const char *name, char to[DATETIME_TEXT])
{
	char zone[DATETIME_ZONE];

	snprintf(to, DATETIME_TEXT, "%.16s (%s)", name, datetime_zone(clock_realtime_ns(), zone));
	return to;
}
