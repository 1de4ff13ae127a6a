#include "shell/settings.h"
#include "shell/settings_table.h"
#include "tap.h"

#include <stdlib.h>

static void
is_table(const struct settings *settings, const char *wanted, const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct failure why = FAILURE_INIT;

	settings_table_print(settings, "Test-VS", out, &why);
	fclose(out);
	is_str(text, wanted, name);
	free(text);
}

static void
takes(struct settings *settings, enum settings_field field, const char *value)
{
	struct failure why = FAILURE_INIT;

	ok(settings_set(settings, field, value, &why) == 0, "takes '%s' %s", value, why.text);
}

static void
refuses(const struct settings *settings, enum settings_field field, const char *value,
	const char *message)
{
	struct settings copy = SETTINGS_INIT;
	struct failure why = FAILURE_INIT;

	settings_copy(&copy, settings, &why);
	ok(settings_set(&copy, field, value, &why) < 0 && settings_equal(&copy, settings),
	   "refuses '%s'", value);
	is_str(why.text, message, "... and says so");
	settings_release(&copy);
}

static void
recalls(const char *text, const char *message)
{
	struct keyval facts = KEYVAL_INIT;
	struct settings settings;
	struct failure why = FAILURE_INIT;

	keyval_parse(&facts, text, &why);
	ok((settings_recall(&settings, &facts, &why) == 0) == !*message, "recalls %.*s",
	   (int)strcspn(text, "\n"), text);
	is_str(why.text, message, "... and says what is wrong");
	settings_release(&settings);
	keyval_release(&facts);
}

/* What was kept is what is recalled. */
static void
comes_back(const struct settings *settings)
{
	struct keyval facts = KEYVAL_INIT, again = KEYVAL_INIT;
	struct settings recalled;
	struct failure why = FAILURE_INIT;
	bool same = true;

	settings_facts(settings, &facts, &why);
	ok(settings_recall(&recalled, &facts, &why) == 0, "can be recalled %s", why.text);
	recalled.capture = settings->capture;
	ok(settings_equal(&recalled, settings), "... as it was");
	settings_facts(&recalled, &again, &why);
	for (size_t i = 0; i < facts.count && i < again.count; i++)
		same = same && strcmp(facts.pairs[i].value, again.pairs[i].value) == 0;
	ok(same && facts.count == again.count, "... and is kept the same way");
	keyval_release(&facts);
	keyval_release(&again);
	settings_release(&recalled);
}

static void
hold_many(void)
{
	struct settings settings = SETTINGS_INIT;
	struct failure why = FAILURE_INIT;
	char word[32];
	int i, rc = 0;

	for (i = 0; rc == 0 && i <= SETTINGS_ADDRS_MAX; i++) {
		snprintf(word, sizeof(word), "10.0.%d.%d", i / 256, i % 256);
		rc = settings_set(&settings, SETTINGS_ADDRS, word, &why);
	}
	ok(rc < 0 && settings_address_count(&settings) == SETTINGS_ADDRS_MAX,
	   "no more than %d addresses", SETTINGS_ADDRS_MAX);
	is_str(why.text,
	       "'10.0.3.232' is one too many: at most 1000 (vcap start --specs takes any number)",
	       "... which is said");
	comes_back(&settings);
	settings_release(&settings);
}

int
main(void)
{
	struct settings settings = SETTINGS_INIT;
	struct failure why = FAILURE_INIT;

	is_table(&settings,
		 "+-------+---------+\n"
		 "| Field | Value   |\n"
		 "+-------+---------+\n"
		 "| uuid  | Test-VS |\n"
		 "| name  | Test-VS |\n"
		 "+-------+---------+\n",
		 "nothing is set");
	comes_back(&settings);
	takes(&settings, SETTINGS_COUNT, "1000");
	takes(&settings, SETTINGS_ADDRS, "10.10.10.10");
	takes(&settings, SETTINGS_CAPTURE, NULL);
	is_table(&settings,
		 "+----------------+-------------+\n"
		 "| Field          | Value       |\n"
		 "+----------------+-------------+\n"
		 "| uuid           | Test-VS     |\n"
		 "| name           | Test-VS     |\n"
		 "| debug_ip       |             |\n"
		 "|   addrs[1]     | 10.10.10.10 |\n"
		 "| capture        | True        |\n"
		 "| capture_params |             |\n"
		 "|   duration     | 0 mins      |\n"
		 "|   num_pkts     | 1000        |\n"
		 "+----------------+-------------+\n",
		 "as in the manual of the product");
	comes_back(&settings);

	takes(&settings, SETTINGS_ADDRS, "2001:db8::1");
	takes(&settings, SETTINGS_ADDRS, "2001:DB8:0::1");
	takes(&settings, SETTINGS_PREFIXES, "10.2.0.0/16");
	takes(&settings, SETTINGS_RANGES, "10.1.1.1-10.1.1.255");
	takes(&settings, SETTINGS_DURATION, "90s");
	takes(&settings, SETTINGS_SNAPLEN, "96");
	takes(&settings, SETTINGS_MONITORS, "include");
	settings.capture = false;
	is_table(&settings,
		 "+-------------------------+---------------------+\n"
		 "| Field                   | Value               |\n"
		 "+-------------------------+---------------------+\n"
		 "| uuid                    | Test-VS             |\n"
		 "| name                    | Test-VS             |\n"
		 "| debug_ip                |                     |\n"
		 "|   addrs[1]              | 10.10.10.10         |\n"
		 "|   addrs[2]              | 2001:db8::1         |\n"
		 "|   prefixes[1]           | 10.2.0.0/16         |\n"
		 "|   ranges[1]             | 10.1.1.1-10.1.1.255 |\n"
		 "| capture_params          |                     |\n"
		 "|   duration              | 90 secs             |\n"
		 "|   num_pkts              | 1000                |\n"
		 "|   pkt_size              | 96 bytes            |\n"
		 "| debug_virtualservice_hm | include             |\n"
		 "+-------------------------+---------------------+\n",
		 "everything");
	settings.id = strdup("Test-VS.20260101_000000");
	comes_back(&settings);

	refuses(&settings, SETTINGS_ADDRS, "10.1.1.300", "not an address: '10.1.1.300'");
	refuses(&settings, SETTINGS_ADDRS, "10.0.0.0/8",
		"'10.0.0.0/8' belongs to 'prefixes', not to 'addrs'");
	refuses(&settings, SETTINGS_PREFIXES, "10.0.0.1",
		"'10.0.0.1' belongs to 'addrs', not to 'prefixes'");
	refuses(&settings, SETTINGS_RANGES, "10.0.0.0/8",
		"'10.0.0.0/8' belongs to 'prefixes', not to 'ranges'");
	refuses(&settings, SETTINGS_DURATION, "soon", "not a duration: 'soon'");
	refuses(&settings, SETTINGS_COUNT, "-1", "not a number: '-1'");
	refuses(&settings, SETTINGS_SNAPLEN, "262145", "number too large: '262145'");
	refuses(&settings, SETTINGS_MONITORS, "some", "not 'none', 'include' or 'only': 'some'");

	ok(settings_clear(&settings, SETTINGS_ADDRS, "10.9.9.9", &why) < 0,
	   "not what is not there");
	is_str(why.text, "'10.9.9.9' is not among the addrs", "... which is said");
	ok(settings_clear(&settings, SETTINGS_ADDRS, "10.10.10.10", &why) == 0 &&
	       settings.lists[0].count == 1,
	   "one address away");
	is_str(settings.lists[0].list[0], "2001:db8::1", "... and the other not");
	comes_back(&settings);
	settings_clear(&settings, SETTINGS_COUNT, NULL, &why);
	ok(settings.count == 0 && settings.snaplen == 96, "one limit away");
	settings_clear(&settings, SETTINGS_LIMITS, NULL, &why);
	settings_clear(&settings, SETTINGS_LISTS, NULL, &why);
	settings_clear(&settings, SETTINGS_MONITORS, NULL, &why);
	ok(settings_equal(&settings, &SETTINGS_INIT), "everything away");
	settings_release(&settings);

	recalls("count 5\nelse what\n", "");
	recalls("count x\n", "'count': not a number: 'x'");
	recalls("addrs 1.1.1.1\naddrs nobody\n", "'addrs': not an address: 'nobody'");
	recalls("duration 99999999999999999999\n",
		"'duration': not a number: '99999999999999999999'");
	recalls("monitors\n", "'monitors': not 'none', 'include' or 'only': ''");
	hold_many();
	return done_testing();
}
