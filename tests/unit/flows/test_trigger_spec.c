#include "flows/matchcount.h"
#include "flows/trigger_spec.h"
#include "tap.h"

static void
parsed(void)
{
	struct trigger_spec spec;
	struct failure why;

	ok(trigger_spec_parse(&spec, "log:a:b", &why) == 0 && spec.kind == TRIGGER_LOG, "a log");
	is_str(spec.what, "a:b", "its pattern");
	ok(trigger_spec_parse(&spec, "file:/a/b.c:d:e", &why) == 0 && spec.kind == TRIGGER_FILE,
	   "a file");
	is_str(spec.path, "/a/b.c", "its path");
	is_str(spec.what, "d:e", "its pattern");
	ok(trigger_spec_parse(&spec, "packets:100/500ms:tcp[13:1]&4!=0", &why) == 0 &&
	       spec.kind == TRIGGER_PACKETS && spec.count == 100 && spec.within_ns == 500000000,
	   "packets");
	is_str(spec.what, "tcp[13:1]&4!=0", "their expression");
	ok(trigger_spec_parse(&spec, "packets:1/2:x", &why) == 0 && spec.within_ns == 2000000000,
	   "a bare number counts in seconds");
}

static void
refused(void)
{
	static const char *const words[] = {
	    "",
	    "log",
	    "log:",
	    "line:x",
	    "log:a\tb",
	    "file:",
	    "file:/a",
	    "file:/a:",
	    "file:a:b",
	    "file:/a b:c",
	    "file::b",
	    "packets:",
	    "packets:1",
	    "packets:1/1s",
	    "packets:1/1s:",
	    "packets:0/1s:x",
	    "packets:x/1s:x",
	    "packets:-1/1s:x",
	    "packets:1/0:x",
	    "packets:1/50ms:x",
	    "packets:1/61m:x",
	    "packets:1/1x:x",
	    "packets:111111111111111111111111/1s:x",
	    "packets:1:1/1s",
	};
	struct trigger_spec spec;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct failure why = FAILURE_INIT;

		ok(trigger_spec_parse(&spec, words[i], &why) < 0 && *why.text, "'%s': %s", words[i],
		   why.text);
	}
}

static void
counts(void)
{
	static const char *const bad[] = {
	    "",        "1 2",    "1 2 x",  "0 1 1", "9 1 1",
	    "1 2 3 4", "1 -2 3", "1 2 3 ", "x",     "1 99999999999999999999 0"};
	uint64_t matches = 0, limited = 0;
	unsigned number = 0;

	ok(matchcount_parse("8 12 18446744073709551615", &number, &matches, &limited) == 1 &&
	       number == 8 && matches == 12 && limited == UINT64_MAX,
	   "counts");
	ok(matchcount_parse("# x", &number, &matches, &limited) == 0, "a comment");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(matchcount_parse(bad[i], &number, &matches, &limited) < 0, "not '%s'", bad[i]);
}

int
main(void)
{
	parsed();
	refused();
	counts();
	return done_testing();
}
