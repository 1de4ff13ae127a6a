#include "base/clock.h"
#include "controller/timeleft.h"
#include "tap.h"

static void
is_left(const char *facts, const char *state, const char *wanted)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct keyval engine = KEYVAL_INIT;
	char text[TIMELEFT_TEXT];

	keyval_parse(&entry.facts, facts, NULL);
	keyval_parse(&engine, state, NULL);
	timeleft_format(&entry, &engine, 1000 * NS_PER_SECOND, text);
	ok(strcmp(text, wanted) == 0, "leaves '%s': '%s'", wanted, text);
	keyval_release(&entry.facts);
	keyval_release(&engine);
}

static void
is_old(const char *state, int64_t wanted)
{
	struct keyval engine = KEYVAL_INIT;
	int64_t age;

	keyval_parse(&engine, state, NULL);
	age = timeleft_age_ns(&engine, 1000 * NS_PER_SECOND);
	ok(age == wanted, "is %lld ns old: %lld", (long long)wanted, (long long)age);
	keyval_release(&engine);
}

int
main(void)
{
	const char *cores =
	    "state running\ncore-0 packets 30 bytes 1 full -\n"
	    "core-0.0 interface lo packets 30\ncore-1 packets 100 bytes 1 full 1.0\n"
	    "core-2 packets 0 bytes 0\n";

	is_left("state capturing\ncreated 990\nduration 0\ncount 0\n", "state running", "");
	is_left("state capturing\ncreated 990\nduration 60000000000\n", "state running", "50s");
	is_left("state capturing\ncreated 990.5\nduration 60000000000\n", "", "51s");
	is_left("state capturing\ncreated 900\nduration 60000000000\n", "state running", "0s");
	is_left("state capturing\ncreated 990\nduration 300000000000\n", "state running", "4m50s");
	is_left("state capturing\ncreated 990\nduration 7210000000000\n", "state running", "2h00m");
	is_left("state capturing\ncreated 1\nstarted 990\nduration 60000000000\n", "", "50s");
	is_left("state capturing\ncreated 990\ncount 100\n", cores, "170 packets");
	is_left("state capturing\ncreated 990\ncount 100\nduration 60000000000\n", cores,
		"50s or 170 packets");
	is_left("state capturing\ncreated 990\ncount 100\n", "core-0 packets x\ncore- packets 1",
		"");
	is_left("state capturing\ncreated 990\nduration 60000000000\n", "state done", "");
	is_left("state merging\ncreated 990\nduration 60000000000\n", "state running", "");
	is_left("state waiting\ncreated 990\nduration 60000000000\n", "", "");
	is_left("state capturing\ncount 18446744073709551615\nduration 9223372036854775807\n",
		"core-0 packets 0\ncore-1 packets 0",
		"2562047h30m or 18446744073709551614 packets");

	is_old("state running\ncounted 998.5", 1500000000);
	is_old("state running\ncounted 1008.5\nclock-start 10.000000000 0.001000000", 1500000000);
	is_old("state running\ncounted 1001", 0);
	is_old("state running", -1);
	is_old("state done\ncounted 998.5", -1);
	return done_testing();
}
