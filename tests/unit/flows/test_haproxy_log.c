/*
 * Lines of HAProxy: of its log and of `show sess all`, as HAProxy 2.6 has written them; and bytes
 * as lines.
 */
#include "base/linebuf.h"
#include "flows/haproxy_log.h"
#include "flows/haproxy_sess.h"
#include "flows/pairsource_spec.h"
#include "tap.h"

#include <stdlib.h>

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
log_lines(void)
{
	static const char *const pair = "1795641507.711000000 new tcp 127.0.0.1:38394 "
					"127.0.0.1:9080 127.0.0.1:33898 127.0.0.1:9091\n";
	static const struct {
		const char *line, *pair;
	} cases[] = {
	    {"vcap=1795641507711000,127.0.0.1,38394,127.0.0.1,9080,127.0.0.1,33898,127.0.0.1,9091",
	     pair},
	    {"vcap=1795641507711000,127.0.0.1,38394,127.0.0.1,9080,127.0.0.1,33898,127.0.0.1,9091 "
	     "200 +1\r",
	     pair},
	    {"<134>1 2026-11-25T21:18:27+00:00 lb1 haproxy 7 - - "
	     "vcap=1795641507711000,127.0.0.1,38394,127.0.0.1,9080,127.0.0.1,33898,127.0.0.1,"
	     "9091\n",
	     pair},
	    /* The first counts: what a client sends comes later. */
	    {"Nov 25 21:18:27 lb1 haproxy[7]: "
	     "vcap=1795641507711000,127.0.0.1,38394,127.0.0.1,9080,127.0.0.1,33898,127.0.0.1,9091 "
	     "{x vcap=1795641507711000,10.0.0.1,1,127.0.0.1,9080,127.0.0.1,33898,127.0.0.1,9091}",
	     pair},
	    {"a?vcap=1 "
	     "vcap=1795641507711000,127.0.0.1,38394,127.0.0.1,9080,127.0.0.1,33898,127.0.0.1,9091",
	     pair},
	    {"vcap=1795641507760001,2001:db8::1,45522,::1,9080,fd00::1,33908,fd00::2,9091 200 +0",
	     "1795641507.760001000 new tcp [2001:db8::1]:45522 [::1]:9080 [fd00::1]:33908 "
	     "[fd00::2]:9091\n"},
	    {"vcap=1,10.0.0.1,1,10.0.0.2,2,10.0.0.3,3,10.0.0.4,4 200 ---- 17",
	     "0.000001000 new tcp 10.0.0.1:1 10.0.0.2:2 10.0.0.3:3 10.0.0.4:4 haproxy=----/200\n"},
	    {"vcap=1,10.0.0.1,1,10.0.0.2,2,10.0.0.3,3,10.0.0.4,4,-1,cD--",
	     "0.000001000 new tcp 10.0.0.1:1 10.0.0.2:2 10.0.0.3:3 10.0.0.4:4 haproxy=cD--/-1\n"},
	    /* Written before the end. */
	    {"vcap=1,10.0.0.1,1,10.0.0.2,2,10.0.0.3,3,10.0.0.4,4 200 ---- +17",
	     "0.000001000 new tcp 10.0.0.1:1 10.0.0.2:2 10.0.0.3:3 10.0.0.4:4\n"},
	    /* No server was asked. */
	    {"vcap=1,10.0.0.1,1,10.0.0.2,2,-,-,-,- 403 PR-- 0",
	     "0.000001000 new tcp 10.0.0.1:1 10.0.0.2:2 - - haproxy=PR--/403\n"},
	    {"vcap=1,10.0.0.1,1,unix:2,2,10.0.0.3,3,10.0.0.4,4",
	     "0.000001000 new tcp 10.0.0.1:1 - 10.0.0.3:3 10.0.0.4:4\n"},
	};
	static const char *const others[] = {
	    "", "Proxy shop stopped (cumulated conns: FE: 2, BE: 0).", "xvcap=1",
	    /* No server was asked, or did not answer. */
	    "vcap=1,10.0.0.1,1,10.0.0.2,2,-,0,-,0", "vcap=1,10.0.0.1,1,10.0.0.2,2,-,0,10.0.0.4,4",
	    "vcap=1,10.0.0.1,1,10.0.0.2,2,10.0.0.3,0,10.0.0.4,4",
	    "vcap=1,unix:1,1,unix:1,2,10.0.0.3,3,10.0.0.4,4"};
	static const char *const bad[] = {
	    "vcap=",
	    "vcap=1",
	    "vcap=x,10.0.0.1,1,10.0.0.2,2,10.0.0.3,3,10.0.0.4,4",
	    "vcap=9999999999999999999,10.0.0.1,1,10.0.0.2,2,10.0.0.3,3,10.0.0.4,4",
	    "vcap=1,10.0.0.1,1,10.0.0.2,2,10.0.0.3,3,10.0.0.4",
	    "vcap=1,10.0.0.1,1,10.0.0.2,2,10.0.0.3,3,10.0.0.4,",
	    "vcap=1,10.0.0.1,70000,-,0,-,0,-,0",
	    "vcap=1,host,1,10.0.0.2,2,10.0.0.3,3,10.0.0.4,4"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct connpair parsed;
		struct failure why = FAILURE_INIT;
		char *text = NULL;

		if (haproxy_log_parse(&parsed, cases[i].line, &why) == HAPROXY_LOG_PAIR)
			text = printed(&parsed);
		is_str(text ? text : why.text, cases[i].pair, "a pair");
		free(text);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		ok(haproxy_log_parse(&(struct connpair){0}, others[i], NULL) == HAPROXY_LOG_OTHER,
		   "no pair: '%s'", others[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct failure why = FAILURE_INIT;

		ok(haproxy_log_parse(&(struct connpair){0}, bad[i], &why) == HAPROXY_LOG_BAD &&
		       *why.text,
		   "wrong: '%s': %s", bad[i], why.text);
	}
}

static void
sessions(void)
{
	static const char *const answer[] = {
	    "0x7f3dac047c70: [25/Nov/2026:21:18:29.992950] id=10 proto=unix_stream source=unix:1",
	    "  flags=0x8, conn_retries=0, conn_exp=<NEVER> conn_et=0x000 srv_conn=(nil)",
	    "  frontend=GLOBAL (id=0 mode=tcp), listener=? (id=1) addr=unix:1",
	    "  backend=<NONE> (id=-1 mode=-)",
	    "  server=<NONE> (id=-1)",
	    "0x7f3dac0427b0: [25/Nov/2026:21:18:27.800181] id=8 proto=tcpv4 source=127.0.0.1:54534",
	    "  frontend=t (id=3 mode=tcp), listener=? (id=1) addr=127.0.0.1:9081",
	    "  backend=ts (id=4 mode=tcp) addr=10.0.0.1:33940",
	    "  server=a (id=1) addr=10.0.0.2:9091",
	    "      flags=0x80000300 fd=17 fd.state=21 updt=0 fd.tmask=0x2",
	    "0x7f3dac0427b1: [25/Nov/2026:21:18:27.800181] id=9 proto=tcpv6 source=2001:db8::1:1",
	    "  frontend=t (id=3 mode=tcp), listener=? (id=1) addr=2001:db8::2:2",
	    "  backend=ts (id=4 mode=tcp) addr=2001:db8::3:3",
	    "  server=a (id=1) addr=2001:db8::4:4",
	    /* Waits for its server. */
	    "0x7f3dac0427b2: [25/Nov/2026:21:18:27.800181] id=9 proto=tcpv4 source=10.0.0.1:1",
	    "  frontend=t (id=3 mode=tcp), listener=? (id=1) addr=10.0.0.2:2",
	    "  backend=ts (id=4 mode=tcp)",
	    "  server=<NONE> (id=-1)",
	};
	struct haproxy_sess session = HAPROXY_SESS_INIT;
	char *found[3] = {NULL};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(answer) / sizeof(*answer); i++) {
		struct connpair pair;

		if (haproxy_sess_parse(&session, answer[i], 7, &pair) && count < 3)
			found[count++] = printed(&pair);
	}
	ok(count == 2, "two sessions have a server");
	is_str(found[0] ? found[0] : "",
	       "0.000000007 new tcp 127.0.0.1:54534 127.0.0.1:9081 10.0.0.1:33940 10.0.0.2:9091\n",
	       "IPv4");
	is_str(found[1] ? found[1] : "",
	       "0.000000007 new tcp [2001:db8::1]:1 [2001:db8::2]:2 [2001:db8::3]:3 "
	       "[2001:db8::4]:4\n",
	       "IPv6");
	for (size_t i = 0; i < 3; i++)
		free(found[i]);
}

/* Lines, whatever the pieces in which they come; a long one is cut. */
static void
lines(void)
{
	static struct linebuf reader;
	const size_t size = 3 * LINEBUF_ROOM;
	char *bytes = malloc(size);
	bool all_same = true;

	memset(bytes, 'x', size);
	memcpy(bytes, "one\n\ntwo\n", 9);
	memcpy(bytes + size - 6, "\nlast!", 6);
	for (size_t step = 1; step <= size; step = step * 3 + 1) {
		size_t taken = 0, count = 0;
		const char *line;

		linebuf_init(&reader);
		while (taken < size) {
			size_t room, n;
			char *space = linebuf_space(&reader, &room);

			n = step < room ? step : room;
			if (n > size - taken)
				n = size - taken;
			memcpy(space, bytes + taken, n);
			linebuf_filled(&reader, n);
			taken += n;
			while ((line = linebuf_next(&reader))) {
				all_same &= count != 0 || strcmp(line, "one") == 0;
				all_same &= count != 1 || *line == '\0';
				all_same &= count != 2 || strcmp(line, "two") == 0;
				all_same &= count != 3 || (strlen(line) == LINEBUF_ROOM - 1 &&
							   strspn(line, "x") == LINEBUF_ROOM - 1);
				count++;
			}
		}
		line = linebuf_rest(&reader);
		all_same &= count == 4 && line && strcmp(line, "last!") == 0;
		all_same &= linebuf_rest(&reader) == NULL;
	}
	ok(all_same, "the same lines in pieces of any size");
	free(bytes);
}

static void
sources(void)
{
	static const char *const bad[] = {"",     "conntrackd", "conntrack:", "haproxy", "haproxy:",
					  "log:", "log:x",      "file:/x",    "log"};
	const char *words[PAIRSOURCE_SPEC_WORDS];
	struct pairsource_spec source;
	struct failure why;

	ok(pairsource_spec_parse(&source, "conntrack", &why) == 0 && !source.path, "conntrack");
	pairsource_spec_words(&source, words);
	ok(strcmp(words[1], "--conntrack") == 0 && !words[2], "... as an option");
	ok(pairsource_spec_parse(&source, "haproxy:/run/a:b", &why) == 0, "a socket");
	pairsource_spec_words(&source, words);
	ok(strcmp(words[1], "--haproxy") == 0 && strcmp(words[2], "/run/a:b") == 0 && !words[3],
	   "... as an option and its argument");
	ok(pairsource_spec_parse(&source, "log:/x", &why) == 0 &&
	       source.kind == PAIRSOURCE_SPEC_LOG,
	   "a log");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why = FAILURE_INIT;
		ok(pairsource_spec_parse(&source, bad[i], &why) < 0 && strstr(why.text, bad[i]),
		   "refused: '%s': %s", bad[i], why.text);
	}
}

int
main(void)
{
	log_lines();
	sessions();
	lines();
	sources();
	return done_testing();
}
