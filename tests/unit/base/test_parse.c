#include "base/clock.h"
#include "base/parse.h"
#include "tap.h"

static void
durations(void)
{
	static const struct {
		const char *word;
		int64_t ns; /* -1: refused */
	} cases[] = {
	    {"0", 0},
	    {"5", 5 * NS_PER_MINUTE},
	    {"200ms", 200 * INT64_C(1000000)},
	    {"30s", 30 * NS_PER_SECOND},
	    {"0.25s", NS_PER_SECOND / 4},
	    {"1.5", 90 * NS_PER_SECOND},
	    {"2h", 120 * NS_PER_MINUTE},
	    {"7d", 7 * 24 * 60 * NS_PER_MINUTE},
	    {"", -1},
	    {"-5", -1},
	    {"5 s", -1},
	    {"5x", -1},
	    {"s", -1},
	    {".5s", -1},
	    {"5.", -1},
	    {"1e3", -1},
	    {"99999999h", -1},
	    {"18446744073709551616", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct failure why = FAILURE_INIT;
		int64_t ns = -1;
		int rc = parse_duration(cases[i].word, NS_PER_MINUTE, &ns, &why);

		ok(ns == cases[i].ns && (rc == 0) == (cases[i].ns >= 0), "duration '%s'",
		   cases[i].word);
		if (rc < 0)
			ok(strstr(why.text, "'") != NULL, "# quotes the word: %s", why.text);
	}
}

static void
offsets(void)
{
	static const struct {
		const char *word;
		int64_t ns; /* 42: refused */
	} cases[] = {
	    {"0", 0},
	    {"-0.000000001", -1},
	    {"+1.5", 1500000000},
	    {"-3600", -3600 * NS_PER_SECOND},
	    {"0.0000000001", 42},
	    {"--1", 42},
	    {"1s", 42},
	    {"9223372036854775807", 42},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t ns = 42;

		parse_offset(cases[i].word, &ns, NULL);
		ok(ns == cases[i].ns, "offset '%s'", cases[i].word);
	}
}

static void
sizes(void)
{
	static const struct {
		const char *word;
		uint64_t bytes; /* 42: refused */
	} cases[] = {
	    {"0", 0},
	    {"10k", 10240},
	    {"10K", 10240},
	    {"1M", 1 << 20},
	    {"3G", UINT64_C(3) << 30},
	    {"1T", UINT64_C(1) << 40},
	    {"1kb", 42},
	    {"k", 42},
	    {"1.5M", 42},
	    {"-1", 42},
	    {"9999999999T", 42},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t bytes = 42;

		parse_size(cases[i].word, &bytes, NULL);
		ok(bytes == cases[i].bytes, "size '%s'", cases[i].word);
	}
}

static void
names(void)
{
	static const char *const good[] = {"a", "Test-VS", "shop.example_2", "0"};
	static const char *const bad[] = {
	    "", "-oProxyCommand=touch x", "../x", ".x", "a/b", "a b", "a\n", "$(x)", "\xc3\xa4"};
	/* The first four are. */
	static const char *const captures[] = {"shop.20260101_000000.lb1",
					       "a.b.20260101_000000-12.lb.2",
					       "x.20260101_000000.20260101_000000.y",
					       "x.1.20260101_000000.y",
					       "shop.20260101_000000",
					       "shop.20260101_000000.",
					       "shop.20260101-000000.lb1",
					       "shop.2026010_000000.lb1",
					       "shop.20260101_000000-.lb1",
					       ".20260101_000000.lb1",
					       "../shop.20260101_000000.lb1",
					       "shop.20260101_000000.lb 1",
					       ""};
	char longest[66];

	memset(longest, 'a', sizeof(longest));
	longest[64] = '\0';
	ok(parse_is_name(longest), "a name of 64 characters");
	longest[64] = 'a';
	longest[65] = '\0';
	ok(!parse_is_name(longest), "65 are too many");
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(parse_is_name(good[i]), "name '%s'", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!parse_is_name(bad[i]), "no name: case %zu", i);
	for (size_t i = 0; i < sizeof(captures) / sizeof(*captures); i++)
		ok(parse_is_capture(captures[i]) == (i < 4), "a capture's name, or not: '%s'",
		   captures[i]);
}

int
main(void)
{
	uint64_t number = 42;

	durations();
	offsets();
	sizes();
	names();
	ok(parse_number("65536", 65535, &number, NULL) < 0 && number == 42, "a number too large");
	ok(parse_number("65535", 65535, &number, NULL) == 0 && number == 65535, "the largest");
	ok(parse_number("0x10", 65535, &number, NULL) < 0, "decimal only");
	return done_testing();
}
