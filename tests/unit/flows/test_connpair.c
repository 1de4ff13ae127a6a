#include "flows/connpair.h"
#include "packet/dissect.h"
#include "tap.h"

#include <stdlib.h>

/* Prints what was parsed; the caller frees. */
static char *
round_trip(const char *line)
{
	struct connpair pair;
	struct failure why;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (connpair_parse(&pair, line, &why) < 0)
		return strdup(why.text);
	out = open_memstream(&text, &size);
	connpair_print(&pair, out);
	fclose(out);
	return text;
}

/* What is printed is what was read: break print_end's brackets to see these fail. */
static void
same_again(void)
{
	static const char *const lines[] = {
	    "1700000000.123456789 new tcp 10.0.0.1:4000 192.0.2.10:443 10.0.9.1:33000 "
	    "10.0.1.11:8080\n",
	    "0.000000000 end udp 10.0.0.1:* 192.0.2.10:53 - 10.0.1.11:*\n",
	    "1.000000001 new sctp [2001:db8::1]:4000 [2001:db8::10]:443 [fd00::1]:1 [fd00::2]:*\n",
	    "1.000000000 new tcp - - - -\n",
	    "1.000000000 new udp/tcp 10.0.0.1:4000 192.0.2.10:443 10.0.9.1:1 10.0.1.11:8080\n",
	    "1.000000000 new tcp 10.0.0.1:4000 192.0.2.10:443 - - haproxy=SC--/503\n",
	    "1.000000000 new tcp 10.0.0.1:1 192.0.2.10:443 10.0.9.1:1 10.0.1.11:8080 "
	    "haproxy=--/-1\n",
	    "4102444800.999999999 new tcp [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 "
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 "
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 "
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char *text = round_trip(lines[i]);

		is_str(text, lines[i], "what was read is printed");
		free(text);
	}
}

static void
refused(void)
{
	static const struct {
		const char *line, *word;
	} cases[] = {
	    {"", "7 words"},
	    {"1 new tcp - - -", "7 words"},
	    {"1 new tcp - - - - -", "unexpected word: '-'"},
	    {"1 new tcp - - - - haproxy=SC--503", "'haproxy=SC--503'"},
	    {"1 new tcp - - - - haproxy=S/503", "'haproxy=S/503'"},
	    {"1 new tcp - - - - haproxy=SC---/503", "'haproxy=SC---/503'"},
	    {"1 new tcp - - - - haproxy=SC--/5x3", "'haproxy=SC--/5x3'"},
	    {"1 new tcp - - - - haproxy=SC--/", "'haproxy=SC--/'"},
	    {"1 new tcp/ - - - -", "'tcp/'"},
	    {"1 new /tcp - - - -", "'/tcp'"},
	    {"-1 new tcp - - - -", "'-1'"},
	    {"x new tcp - - - -", "'x'"},
	    {"1 old tcp - - - -", "'old'"},
	    {"1 new icmp - - - -", "'icmp'"},
	    {"1 new tcp 10.0.0.1 - - -", "'10.0.0.1'"},
	    {"1 new tcp 10.0.0.1:70000 - - -", "'10.0.0.1:70000'"},
	    {"1 new tcp 10.0.0.1: - - -", "'10.0.0.1:'"},
	    {"1 new tcp ::1:80 - - -", "brackets"},
	    {"1 new tcp [10.0.0.1]:80 - - -", "brackets"},
	    {"1 new tcp [::1:80 - - -", "'[::1'"},
	    {"1 new tcp []:80 - - -", "''"},
	    {"1 new tcp :80 - - -", "''"},
	    {"1 new tcp host:80 - - -", "'host'"},
	};
	char longest[2 * CONNPAIR_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct connpair pair = {.time_ns = 42};
		struct failure why = FAILURE_INIT;

		ok(connpair_parse(&pair, cases[i].line, &why) < 0 && pair.time_ns == 42,
		   "refused: '%s'", cases[i].line);
		ok(strstr(why.text, cases[i].word) != NULL, "says %s: %s", cases[i].word, why.text);
	}
	ok(connpair_parse(&(struct connpair){0}, "1 new tcp - - - - later=1 haproxy=--/200",
			  NULL) == 0,
	   "words of later releases are passed over");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ok(connpair_parse(&(struct connpair){0}, longest, NULL) < 0,
	   "a line without end is refused");
}

static void
matches(void)
{
	struct connpair pair;
	struct addr one, other;

	addr_parse(&one, "10.0.0.1", NULL);
	addr_parse(&other, "10.0.0.2", NULL);
	connpair_parse(&pair, "1\tnew  tcp 10.0.0.1:80 10.0.0.1:* - [::a00:1]:80\r\n", NULL);
	ok(pair.time_ns == 1000000000 && pair.protocol == PROTOCOL_TCP,
	   "blanks and a carriage return are passed over");
	ok(connpair_end_matches(&pair.client, one, 80), "address and port");
	ok(!connpair_end_matches(&pair.client, one, 81), "another port");
	ok(!connpair_end_matches(&pair.client, other, 80), "another address");
	ok(connpair_end_matches(&pair.vip, one, 81), "any port");
	ok(connpair_end_matches(&pair.source, other, 81), "any end");
	ok(!connpair_end_matches(&pair.server, one, 80), "another family");
}

int
main(void)
{
	same_again();
	refused();
	matches();
	return done_testing();
}
