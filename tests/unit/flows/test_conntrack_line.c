/* Lines of the conntrack tool, as version 1.4.7 has written them. */
#include "flows/conntrack_line.h"
#include "tap.h"

#include <stdlib.h>

#define NOW INT64_C(5000000000)

static char *
printed(const struct connpair *pair)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	connpair_print(pair, out);
	fclose(out);
	return text;
}

static void
pairs(void)
{
	static const struct {
		const char *line, *pair;
	} cases[] = {
	    {"[1795663961.389173]\t    [NEW] tcp      6 120 SYN_SENT src=10.1.0.2 dst=192.0.2.10 "
	     "sport=39924 dport=80 [UNREPLIED] src=10.2.0.2 dst=10.2.0.1 sport=8080 dport=56604",
	     "1795663961.389173000 new tcp 10.1.0.2:39924 192.0.2.10:80 10.2.0.1:56604 "
	     "10.2.0.2:8080\n"},
	    {"[1795663963.000528]\t[DESTROY] tcp      6 8 CLOSE src=fd01::2 dst=2001:db8::10 "
	     "sport=48024 dport=80 src=fd02::2 dst=fd02::1 sport=8080 dport=7727 [ASSURED] "
	     "id=1294514569 [USERSPACE] portid=46 progname=conntrack",
	     "1795663963.000528000 end tcp [fd01::2]:48024 [2001:db8::10]:80 [fd02::1]:7727 "
	     "[fd02::2]:8080\n"},
	    {"tcp      6 9 CLOSE src=10.1.0.2 dst=192.0.2.10 sport=39924 dport=80 src=10.2.0.2 "
	     "dst=10.2.0.1 sport=8080 dport=56604 [ASSURED] mark=0 use=1",
	     "5.000000000 new tcp 10.1.0.2:39924 192.0.2.10:80 10.2.0.1:56604 10.2.0.2:8080\n"},
	    {"ipv4     2 udp      17 29 src=10.1.0.2 dst=192.0.2.10 sport=57120 dport=80 packets=1 "
	     "bytes=29 [UNREPLIED] src=10.2.0.2 dst=10.2.0.1 sport=8080 dport=46247 packets=0 "
	     "bytes=0 mark=0 secctx=system_u:object_r:unlabeled_t:s0 zone=3 use=1\n",
	     "5.000000000 new udp 10.1.0.2:57120 192.0.2.10:80 10.2.0.1:46247 10.2.0.2:8080\n"},
	    {"sctp     132 3 CLOSED src=10.1.0.2 dst=192.0.2.10 sport=1 dport=2 zone-orig=1 "
	     "src=10.2.0.2 dst=10.1.0.2 sport=2 dport=1 mark=0",
	     "5.000000000 new sctp 10.1.0.2:1 192.0.2.10:2 10.1.0.2:1 10.2.0.2:2\n"},
	    /* Only the port was translated. */
	    {"tcp 6 1 src=10.1.0.2 dst=192.0.2.10 sport=1 dport=80 src=192.0.2.10 dst=10.1.0.2 "
	     "sport=81 dport=1",
	     "5.000000000 new tcp 10.1.0.2:1 192.0.2.10:80 10.1.0.2:1 192.0.2.10:81\n"},
	    /* A process may be called anything. */
	    {"[DESTROY] tcp 6 src=10.1.0.2 dst=192.0.2.10 sport=1 dport=80 src=10.2.0.2 "
	     "dst=10.2.0.1 sport=8080 dport=2 progname=x src=10.9.9.9 dport=9 [NEW]",
	     "5.000000000 end tcp 10.1.0.2:1 192.0.2.10:80 10.2.0.1:2 10.2.0.2:8080\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct connpair pair;
		struct failure why = FAILURE_INIT;
		char *text;

		if (conntrack_line_parse(&pair, cases[i].line, NOW, &why) != CONNTRACK_LINE_PAIR) {
			ok(false, "a pair: %.40s: %s", cases[i].line, why.text);
			continue;
		}
		text = printed(&pair);
		ok(strcmp(text, cases[i].pair) == 0, "%.*s", (int)strlen(text) - 1, text);
		free(text);
	}
}

static void
no_pairs(void)
{
	static const char *const others[] = {
	    /* Not translated; masqueraded only. */
	    "tcp 6 431999 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=1 dport=80 src=10.2.0.2 "
	    "dst=10.1.0.2 sport=80 dport=1 [ASSURED] mark=0 use=1",
	    "tcp 6 431999 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=1 dport=80 src=10.2.0.2 "
	    "dst=10.2.0.1 sport=80 dport=999 [ASSURED] mark=0 use=1",
	    "icmp     1 29 src=10.1.0.2 dst=192.0.2.10 type=8 code=0 id=7 src=10.2.0.2 "
	    "dst=10.1.0.2 type=0 code=0 id=7 mark=0 use=1",
	    "unknown  2 591 src=10.1.0.2 dst=224.0.0.22 [UNREPLIED] src=224.0.0.22 dst=10.1.0.2",
	    "[1795663961.390329]\t [UPDATE] tcp 6 60 SYN_RECV src=10.1.0.2 dst=192.0.2.10 sport=1 "
	    "dport=80 src=10.2.0.2 dst=10.2.0.1 sport=8080 dport=2",
	};
	static const char *const bad[] = {
	    "",
	    "conntrack v1.4.7 (conntrack-tools): Operation failed",
	    "tcp 6 1 src=10.1.0.2 dst=192.0.2.10 sport=1 dport=80",
	    "tcp 6 1 src=10.1.0.2 dst=192.0.2.10 sport=1 dport=80 src=10.2.0.2 dst=10.2.0.1 "
	    "sport=8080",
	    "tcp 6 1 src=10.1.0.2 dst=192.0.2.10 sport=1 dport=65536 src=10.2.0.2 dst=10.2.0.1 "
	    "sport=8080 dport=2",
	    "tcp 6 1 src=10.1.0 dst=192.0.2.10 sport=1 dport=80 src=10.2.0.2 dst=10.2.0.1 "
	    "sport=8080 dport=2",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct connpair pair = {.time_ns = 1};
		struct failure why = FAILURE_INIT;

		ok(conntrack_line_parse(&pair, others[i], NOW, &why) == CONNTRACK_LINE_OTHER &&
		       pair.time_ns == 1,
		   "no pair: %.60s %s", others[i], why.text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct connpair pair = {.time_ns = 1};
		struct failure why = FAILURE_INIT;

		ok(conntrack_line_parse(&pair, bad[i], NOW, &why) == CONNTRACK_LINE_BAD &&
		       *why.text && pair.time_ns == 1,
		   "no such line: '%.60s': %.80s", bad[i], why.text);
	}
}

int
main(void)
{
	pairs();
	no_pairs();
	return done_testing();
}
