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

int
main(void)
{
	char text[DATETIME_TEXT];

	in_zone("UTC");
	is_moment("+5m", NOW + 300);
	is_moment("+5", NOW + 300);
	is_moment("+90s", NOW + 90);
	is_moment("+0", NOW);
	is_moment("23:00", NOW + 1800);
	is_moment("22:30:01", NOW + 1);
	is_moment("22:30", NOW + 86400);
	is_moment("00:00", NOW + 5400);
	is_moment("2026-11-25T22:31", NOW + 60);
	is_moment("2026-11-25 22:31:05", NOW + 65);
	is_moment("2026-11-25T22:31Z", NOW + 60);
	is_moment("2026-11-25T23:31+01:00", NOW + 60);
	is_moment("2026-11-25T17:31:00-05:00", NOW + 60);
	is_moment("2028-02-29 00:00", INT64_C(1835395200));
	is_str(datetime_format(NOW * NS_PER_SECOND, text), "2026-11-25 22:30:00", "shown");

	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	is_moment("23:31", NOW + 60);
	is_moment("2026-11-25T23:31", NOW + 60);
	is_moment("2026-11-25T22:31Z", NOW + 60);
	is_moment("2027-07-01 12:00", INT64_C(1814436000));
	is_none("2027-03-28 02:30", "not a time: '2027-03-28 02:30'"); /* skipped by summer time */
	is_str(datetime_format(NOW * NS_PER_SECOND, text), "2026-11-25 23:30:00", "shown, local");

	is_none("2026-11-25T22:29Z", "is over already: '2026-11-25T22:29Z'");
	is_none("1969-01-01 00:00", "is over already: '1969-01-01 00:00'");
	for (const char **word = (const char *[]){"",
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
						  NULL};
	     *word; word++) {
		char message[80];

		snprintf(message, sizeof(message), "not a time: '%s'", *word);
		is_none(*word, message);
	}
	return done_testing();
}
