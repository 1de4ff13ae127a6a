/* Failed connects are counted by server, within bounds of memory and of text. */
#include "packet/connects.h"
#include "packet/connwatch.h"
#include "tap.h"

#include <stdlib.h>

enum { SYN = 2, RST = 4, ACK = 16 };

static const struct handshake refused = {.state = HANDSHAKE_REFUSED, .has_syn = true};
static const struct handshake asked = {.state = HANDSHAKE_ASKED, .has_syn = true};
static const struct handshake done = {.state = HANDSHAKE_DONE, .has_syn = true};

static void
is_said(const struct connects *connects, const char *wanted, const char *name)
{
	char *text = connects_format(connects, "; ");

	is_str(text, wanted, name);
	free(text);
}

static void
test_what_counts(void)
{
	struct connects connects = CONNECTS_INIT;
	struct addr a = {4, 0x0a00010b}, b = {4, 0x0a00010c}, c = {6, 1};

	is_said(&connects, "", "nothing failed");
	connects_add(&connects, b, 80, &asked, 0);
	is_said(&connects, "1 failed connect to 10.0.1.12:80",
		"one is under way, to a server that answers none");
	connects_add(&connects, b, 80, &done, 0);
	is_said(&connects, "", "... that answers some");
	connects_add(&connects, b, 80, &asked, CONNECTS_PATIENCE_NS);
	connects_add(&connects, c, 443, &refused, 0);
	connects_add(&connects, c, 443, &refused, 0);
	connects_add(&connects, a, 80, &asked, INT64_MAX);
	connects_add(&connects, a, 81, &(struct handshake){.state = HANDSHAKE_REFUSED}, 0);
	is_said(
	    &connects,
	    "2 failed connects to [::1]:443; 1 failed connect to 10.0.1.11:80; 1 failed connect to "
	    "10.0.1.12:80",
	    "the most first; those whose SYN was not seen do not count");
	connects_release(&connects);
}

static void
test_bounds(void)
{
	struct connects connects = CONNECTS_INIT;
	unsigned long long sum = 0;
	char *text;

	for (unsigned i = 0; i < 3000; i++)
		connects_add(&connects, (struct addr){6, ~(unsigned __int128)0 - i * 7919 % 3000},
			     65535, &refused, 0);
	for (size_t i = 0; i < connects.count; i++)
		connects.servers[i].failed = UINT64_MAX / 4096;
	text = connects_format(&connects, "................");
	ok(connects.count == CONNECTS_SERVERS, "so many servers are told apart");
	ok(text && strlen(text) < CONNECTS_TEXT, "the longest text is %zu bytes", strlen(text));
	free(text);
	connects_release(&connects);
	for (unsigned i = 0; i < 3000; i++)
		connects_add(&connects, (struct addr){4, i}, 80, &refused, 0);
	text = connects_format(&connects, "\n");
	for (char *line = text; line; line = strchr(line, '\n'))
		sum += strtoull(line += *line == '\n', NULL, 10);
	ok(sum == 3000, "no failed connect is missing: %llu", sum);
	free(text);
	connects_release(&connects);
}

/* A packet between an engine's port and a server. */
static void
see(struct connwatch *watch, unsigned port, bool forward, uint8_t flags, uint8_t ack, int64_t ns)
{
	unsigned char tcp[20] = {[11] = ack, [12] = 0x50, [13] = flags};
	struct addr engine = {4, 0x0a000901 + (port >> 16)}, server = {4, 0x0a00010b};
	struct tuple tuple = {.protocol = PROTOCOL_TCP,
			      .has_ports = true,
			      .transport = tcp,
			      .source = forward ? engine : server,
			      .source_port = forward ? (uint16_t)port : 8080,
			      .destination = forward ? server : engine,
			      .destination_port = forward ? 8080 : (uint16_t)port};

	connwatch_see(watch, &tuple, ns);
}

static void
test_flood(void)
{
	struct connwatch *watch = connwatch_new((struct siphash_key){{7, 7}}, NULL);
	char *text;

	for (unsigned i = 0; i < 200000; i++) {
		see(watch, i, true, SYN, 0, 1000 * i);
		if (i % 20000 == 0)
			see(watch, i, false, RST | ACK, 1, 1000 * i);
	}
	text = connwatch_finish(watch, "\n");
	is_str(text, "200000 failed connects to 10.0.1.11:8080", "more at a time than are watched");
	free(text);
	connwatch_free(watch);
}

int
main(void)
{
	test_what_counts();
	test_bounds();
	test_flood();
	return done_testing();
}
