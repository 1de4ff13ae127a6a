#include "base/clock.h"
#include "base/datetime.h"
#include "tap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* 2026-11-25T22:30:00Z, which date(1) says is this: */
#define NOW INT64_C(1795645800)

static void
is_moment(const char *word, int64_t wanted)
{
	struct failure why = FAILURE_INIT;
	int64_t at = 0;

	ok(datetime_parse(word, NOW * NS_PER_SECOND, &at, &why) == 0 &&
	       at == wanted * NS_PER_SECOND,
	   "'%s' is in %" PRId64 " s: %" PRId64 " %s", word, wanted - NOW, at / NS_PER_SECOND - NOW,
	   why.text);
}

static void
is_none(const char *word, const char *message)
{
	struct failure why = FAILURE_INIT;
	int64_t at = 7;

	ok(datetime_parse(word, NOW * NS_PER_SECOND, &at, &why) < 0 && at == 7, "refuses '%s'",
	   word);
	is_str(why.text, message, "... and says so");
}

static void
in_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void
durations_from_now(void)
{
	in_zone("UTC");
	is_moment("+5m", NOW + 300);
	is_moment("+5", NOW + 300);
	is_moment("+90s", NOW + 90);
	is_moment("+0", NOW);
}

static void
times_of_day(void)
{
	in_zone("UTC");
	is_moment("23:00", NOW + 1800);
	is_moment("22:30:01", NOW + 1);
	/* Now, and past: tomorrow */
	is_moment("22:30", NOW + 86400);
	is_moment("00:00", NOW + 5400);
}

static void
dates(void)
{
	in_zone("UTC");
	is_moment("2026-11-25T22:31", NOW + 60);
	is_moment("2026-11-25 22:31:05", NOW + 65);
	is_moment("2028-02-29 00:00", INT64_C(1835395200));
}

static void
dates_with_a_zone(void)
{
	in_zone("UTC");
	is_moment("2026-11-25T22:31Z", NOW + 60);
	is_moment("2026-11-25T23:31+01:00", NOW + 60);
	is_moment("2026-11-25T17:31:00-05:00", NOW + 60);
}

#define NONE "not a time, such as +5m, 03:00 or 2026-11-30T03:00: "

static void
local_time_and_summer_time(void)
{
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	is_moment("23:31", NOW + 60);
	is_moment("2026-11-25T23:31", NOW + 60);
	is_moment("2026-11-25T22:31Z", NOW + 60);
	is_moment("2027-07-01 12:00", INT64_C(1814436000));
	/* Skipped when summer time begins */
	is_none("2027-03-28 02:30", NONE "'2027-03-28 02:30'");
}

static void
times_that_are_past(void)
{
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	is_none("2026-11-25T22:29Z", "the time is in the past: '2026-11-25T22:29Z'");
	is_none("1969-01-01 00:00", "the time is in the past: '1969-01-01 00:00'");
}

static void
malformed_words(void)
{
	static const char *const words[] = {
	    "",
	    "+",
	    "+x",
	    "+-5m",
	    "-5m",
	    "5m",
	    "now",
	    "24:00",
	    "12:60",
	    "1:00",
	    "12:00:60",
	    "12:00x",
	    " 12:00",
	    "2026-11-31 12:00",
	    "2026-13-01 12:00",
	    "2026-00-01 12:00",
	    "2026-11-30",
	    "2026-11-30x12:00",
	    "2026-11-30T12:00+1",
	    "2026-11-30T12:00ZZ",
	};

	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char message[120];

		snprintf(message, sizeof(message), NONE "'%s'", words[i]);
		is_none(words[i], message);
	}
}

static void
formatting(void)
{
	char text[DATETIME_TEXT];

	in_zone("UTC");
	is_str(datetime_format(NOW * NS_PER_SECOND, text), "2026-11-25 22:30:00", "shown");
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	is_str(datetime_format(NOW * NS_PER_SECOND, text), "2026-11-25 23:30:00", "shown, local");
}

int
main(void)
{
	durations_from_now();
	times_of_day();
	dates();
	dates_with_a_zone();
	local_time_and_summer_time();
	times_that_are_past();
	malformed_words();
	formatting();
	return done_testing();
}
