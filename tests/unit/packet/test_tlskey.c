/* Lines of key logs: what is printed is parsed again, and nothing but whole keys passes. */
#include "../tap.h"
#include "packet/tlskey.h"

#include <stdlib.h>

#define RANDOM  "5900bcec48960bc014f96495db865e91c46708214c6f808d10a18769a1b838c5"
#define SECRET  "d3ba482cb73e45c1b32efdb01f59b8e1800d3dafc41693749fd85957d539699e"
#define SECRET2 SECRET "046ab84b0c55db3f31e5d83208c79e08"
#define LABEL   "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " SECRET
#define OLD     "CLIENT_RANDOM " RANDOM " " SECRET2

static const struct {
	const char *name, *line;
	enum tlskey_line verdict;
	size_t count;
} cases[] = {
    {"a key of TLS 1.3", LABEL, TLSKEY_GOOD, 1},
    {"of TLS 1.2", OLD "\n", TLSKEY_GOOD, 1},
    {"a comment", "# nothing", TLSKEY_GOOD, 0},
    {"an empty line", "", TLSKEY_GOOD, 0},
    {"another label", "ECH_SECRET " RANDOM " " SECRET, TLSKEY_GOOD, 0},
    {"a label with more behind it", "CLIENT_RANDOMS " RANDOM " " SECRET2, TLSKEY_GOOD, 0},
    {"a label in lower case", "client_random " RANDOM " " SECRET2, TLSKEY_GOOD, 0},
    {"a master secret that is too short", "CLIENT_RANDOM " RANDOM " " SECRET, TLSKEY_CUT, 0},
    {"... with something behind it", "CLIENT_RANDOM " RANDOM " " SECRET " x", TLSKEY_REFUSED, 0},
    {"a secret with a digit more", LABEL "0 x", TLSKEY_REFUSED, 0},
    {"... at the end, as of a longer one that was cut", LABEL "0", TLSKEY_CUT, 0},
    {"a random with a digit less",
     "CLIENT_RANDOM 900bcec48960bc014f96495db865e91c46708214c6f808d1"
     "0a18769a1b838c5 " SECRET2,
     TLSKEY_REFUSED, 0},
    {"what is no digit", "CLIENT_RANDOM g" RANDOM " " SECRET2, TLSKEY_REFUSED, 0},
    {"a label alone", "x CLIENT_RANDOM", TLSKEY_CUT, 0},
    {"a random alone", "CLIENT_RANDOM " RANDOM, TLSKEY_CUT, 0},
    {"what is unset", "CLIENT_RANDOM - - CLIENT_RANDOM " RANDOM " -", TLSKEY_GOOD, 0},
    {"several in structured data", "<134>1 - [v@0 keys=\"" OLD " " LABEL " end\"] GET /",
     TLSKEY_GOOD, 2},
    {"... cut in a key", "<134>1 - [v@0 keys=\"" OLD " CLIENT_TRAFFIC_SECRET_0 5900", TLSKEY_CUT,
     0},
    {"... and between two", "<134>1 - [v@0 keys=\"" OLD " TLSv", TLSKEY_CUT, 0},
    {"the other secret of TLS 1.3", "keys= TLSv1.3 " OLD " TLSv1.2 " OLD " end", TLSKEY_GOOD, 1},
};

static void
test_cases(void)
{
	struct tlskeys keys;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const enum tlskey_line verdict = tlskey_parse(&keys, cases[i].line);

		ok(verdict == cases[i].verdict && keys.count == cases[i].count, "%s: %d, %zu keys",
		   cases[i].name, verdict, keys.count);
	}
}

/* A key cut anywhere is none: the least that a log's limit of length has to mean. */
static void
test_cuts(void)
{
	struct tlskeys keys;
	size_t passed = 0;
	char line[] = OLD;

	for (size_t size = strlen(line); size-- > 0;) {
		line[size] = '\0';
		tlskey_parse(&keys, line);
		passed += keys.count;
	}
	ok(passed == 0, "no part of a line has a key");
}

static void
test_print(void)
{
	char line[TLSKEY_LINE];
	struct tlskeys keys;

	tlskey_parse(&keys, OLD);
	ok(tlskey_print(&keys.list[0], line) == strlen(line), "the length of a line");
	is_str(line, OLD "\n", "what is printed is what was parsed");
	ok(tlskey_opens(&keys.list[0]), "a master secret opens");
	tlskey_parse(&keys, "SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " SECRET);
	ok(!tlskey_opens(&keys.list[0]), "a handshake's does not open what is said");
}

int
main(void)
{
	test_cases();
	test_cuts();
	test_print();
	return done_testing();
}
