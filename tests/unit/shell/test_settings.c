#include "shell/settings.h"
#include "shell/settings_table.h"
#include "tap.h"

#include <stdlib.h>

static char *
print_table(const struct settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct failure why = FAILURE_INIT;

	settings_table_print(settings, "Test-VS", "Test-VS", out, &why);
	fclose(out);
	return text;
}

/* Whether the cell of a row, between two bars, is this text and blanks. */
static bool
cell_is(const char *cell, const char *end, const char *text)
{
	const size_t length = strlen(text);

	return cell[0] == ' ' && end[-1] == ' ' && (size_t)(end - cell) >= length + 2 &&
	       strncmp(cell + 1, text, length) == 0 &&
	       strspn(cell + 1 + length, " ") == (size_t)(end - cell) - 1 - length;
}

/* The rows of a table, FIELD=VALUE each, are these; its frame is closed. */
static void
has_rows(const struct settings *settings, const char *const *rows, const char *name)
{
	char *text = print_table(settings), *rest = text;
	const char *rule = strsep(&rest, "\n"), *line;
	const char *middle = strchr(rule + 1, '+');
	const size_t width = strlen(rule), column = middle ? (size_t)(middle - rule) : 0;
	bool framed = column > 0 && rule[strspn(rule, "+-")] == '\0', same = true;
	size_t number = 0;

	for (; (line = strsep(&rest, "\n")) && *line; number++) {
		framed &= strlen(line) == width;
		if (number == 1 || !rest || !*rest) {
			framed &= strcmp(line, rule) == 0;
			continue;
		}
		char *row = strdup(number == 0 ? "Field=Value" : *rows ? *rows++ : "=");
		char *value = strchr(row, '=');

		*value++ = '\0';
		framed &= line[0] == '|' && line[column] == '|' && line[width - 1] == '|';
		same &= framed && cell_is(line + 1, line + column, row) &&
			cell_is(line + column + 1, line + width - 1, value);
		free(row);
	}
	ok(framed, "%s: the frame is closed", name);
	ok(same && !*rows, "%s: the rows are those of what is set", name);
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
	is_str(why.text, message, "... and the reason says so");
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
	is_str(why.text, message, "... and the reason names the fault");
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
	ok(same && facts.count == again.count, "... and is stored likewise");
	keyval_release(&facts);
	keyval_release(&again);
	settings_release(&recalled);
}

static void
test_many_addresses(void)
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
	is_str(
	    why.text,
	    "cannot add '10.0.3.232': at most 1000 addresses (vcap start --specs takes any number)",
	    "... and the reason says so");
	comes_back(&settings);
	settings_release(&settings);
}

static void
test_nothing_is_set(void)
{
	static const char *const rows[] = {"uuid=Test-VS", "name=Test-VS", NULL};

	has_rows(&SETTINGS_INIT, rows, "nothing");
	comes_back(&SETTINGS_INIT);
}

/* The one table that is stated as a whole: it is another product's, which users compare with. */
static void
test_table_of_the_product(void)
{
	struct settings settings = SETTINGS_INIT;
	char *text;

	takes(&settings, SETTINGS_COUNT, "1000");
	takes(&settings, SETTINGS_ADDRS, "10.10.10.10");
	takes(&settings, SETTINGS_CAPTURE, NULL);
	text = print_table(&settings);
	is_str(text,
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
	free(text);
	comes_back(&settings);
	settings_release(&settings);
}

/* Something in every field. */
static void
set_everything(struct settings *settings)
{
	*settings = SETTINGS_INIT;
	takes(settings, SETTINGS_COUNT, "1000");
	takes(settings, SETTINGS_ADDRS, "10.10.10.10");
	takes(settings, SETTINGS_ADDRS, "2001:db8::1");
	takes(settings, SETTINGS_ADDRS, "2001:DB8:0::1");
	takes(settings, SETTINGS_PREFIXES, "10.2.0.0/16");
	takes(settings, SETTINGS_RANGES, "10.1.1.1-10.1.1.255");
	takes(settings, SETTINGS_DURATION, "90s");
	takes(settings, SETTINGS_SNAPLEN, "96");
	takes(settings, SETTINGS_ROLLING, "2");
	takes(settings, SETTINGS_MONITORS, "include");
}

static void
test_everything_is_set(void)
{
	static const char *const rows[] = {"uuid=Test-VS",
					   "name=Test-VS",
					   "debug_ip=",
					   "  addrs[1]=10.10.10.10",
					   "  addrs[2]=2001:db8::1",
					   "  prefixes[1]=10.2.0.0/16",
					   "  ranges[1]=10.1.1.1-10.1.1.255",
					   "capture_params=",
					   "  duration=90 secs",
					   "  num_pkts=1000",
					   "  pkt_size=96 bytes",
					   "  rolling=2 mins",
					   "debug_virtualservice_hm=include",
					   NULL};
	struct settings settings;

	set_everything(&settings);
	has_rows(&settings, rows, "everything");
	settings.id = strdup("Test-VS.20260101_000000");
	comes_back(&settings);
	settings_release(&settings);
}

static void
test_invalid_values(void)
{
	struct settings settings;

	set_everything(&settings);
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
	settings_release(&settings);
}

static void
test_clearing(void)
{
	struct settings settings;
	struct failure why = FAILURE_INIT;

	set_everything(&settings);
	ok(settings_clear(&settings, SETTINGS_ADDRS, "10.9.9.9", &why) < 0,
	   "an address that is not in the list cannot be removed");
	is_str(why.text, "'10.9.9.9' is not among the addrs", "... and the reason says so");
	ok(settings_clear(&settings, SETTINGS_ADDRS, "10.10.10.10", &why) == 0 &&
	       settings.lists[0].count == 1,
	   "one address is cleared");
	is_str(settings.lists[0].list[0], "2001:db8::1", "... and the other not");
	comes_back(&settings);
	settings_clear(&settings, SETTINGS_COUNT, NULL, &why);
	ok(settings.count == 0 && settings.snaplen == 96, "one limit is cleared");
	settings_clear(&settings, SETTINGS_LIMITS, NULL, &why);
	settings_clear(&settings, SETTINGS_LISTS, NULL, &why);
	settings_clear(&settings, SETTINGS_MONITORS, NULL, &why);
	ok(settings_equal(&settings, &SETTINGS_INIT), "everything can be cleared");
	settings_release(&settings);
}

static void
test_recalling(void)
{
	recalls("count 5\nelse what\n", "");
	recalls("count x\n", "'count': not a number: 'x'");
	recalls("addrs 1.1.1.1\naddrs nobody\n", "'addrs': not an address: 'nobody'");
	recalls("duration 99999999999999999999\n",
		"'duration': not a number: '99999999999999999999'");
	recalls("monitors\n", "'monitors': not 'none', 'include' or 'only': ''");
}

int
main(void)
{
	test_nothing_is_set();
	test_table_of_the_product();
	test_everything_is_set();
	test_invalid_values();
	test_clearing();
	test_recalling();
	test_many_addresses();
	return done_testing();
}
