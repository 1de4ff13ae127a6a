/* What PROXY headers and HTTP requests say, whole and in pieces of every size. */
#include "join/http1.h"
#include "join/inspect.h"
#include "join/proxy_protocol.h"
#include "tap.h"

#include <stdlib.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* Everything that inspection reported, as text: "CLIENT:PORT>VIP:PORT " and "local ". */
struct said {
	char text[1024];
	size_t length;
};

static void
note(struct said *said, const struct evidence_end *end)
{
	char addr[ADDR_TEXT] = "?";

	if (end->is_known)
		addr_format(end->addr, addr, sizeof(addr));
	said->length += (size_t)snprintf(said->text + said->length,
					 sizeof(said->text) - said->length, "%s", addr);
	if (end->has_port)
		said->length += (size_t)snprintf(
		    said->text + said->length, sizeof(said->text) - said->length, ":%u", end->port);
}

static void
report(void *context, const struct evidence *evidence)
{
	struct said *said = context;

	if (said->length > 900)
		return;
	if (evidence->is_local)
		said->length += (size_t)sprintf(said->text + said->length, "local ");
	else {
		note(said, &evidence->client);
		if (evidence->vip.is_known) {
			said->length += (size_t)sprintf(said->text + said->length, ">");
			note(said, &evidence->vip);
		}
		said->length += (size_t)sprintf(said->text + said->length, " ");
	}
}

static void
push(struct inspect *inspect, uint32_t sequence, const unsigned char *bytes, uint32_t size,
     uint32_t wire, struct allowance *allowance, inspect_report *to, void *context)
{
	struct segment segment = {sequence, size, wire, bytes};

	inspect_push(inspect, &segment, allowance, to, context);
}

enum order { IN_ORDER, PAIRS_SWAPPED, TWICE };

/* Hears bytes in segments of this size. */
static struct said
hear(const char *bytes, size_t size, size_t piece, enum order order, const char *header)
{
	struct allowance allowance = {.limit = 1 << 20};
	struct said said = {.text = ""};
	struct inspect inspect;
	uint32_t start = 0xfffffff0; /* sequence numbers wrap */

	inspect_init(&inspect, start, header);
	for (size_t at = 0; at < size; at += piece) {
		size_t place = at, length;

		if (order == PAIRS_SWAPPED && at / piece % 2 == 0 && at + piece < size)
			place = at + piece;
		if (order == PAIRS_SWAPPED && at / piece % 2 == 1)
			place = at - piece;
		length = size - place < piece ? size - place : piece;
		for (int i = 0; i < (order == TWICE ? 2 : 1); i++)
			push(&inspect, start + (uint32_t)place,
			     (const unsigned char *)bytes + place, (uint32_t)length,
			     (uint32_t)length, &allowance, report, &said);
	}
	inspect_release(&inspect, &allowance);
	if (allowance.used != 0)
		strcpy(said.text, "(memory is left)");
	return said;
}

struct sample {
	const char *name, *bytes;
	size_t size;
	const char *said;
	const char *header;
};
#define BYTES(text) text, sizeof(text) - 1

static const struct sample samples[] = {
    {"version 1", BYTES("PROXY TCP4 10.1.0.7 192.0.2.10 4000 443\r\nGET / HTTP/1.1\r\n\r\n"),
     "10.1.0.7:4000>192.0.2.10:443 ", NULL},
    {"version 1, IPv6", BYTES("PROXY TCP6 2001:db8::7 2001:db8::10 4000 443\r\nx"),
     "2001:db8::7:4000>2001:db8::10:443 ", NULL},
    {"version 1, unknown",
     BYTES("PROXY UNKNOWN ff::1 ff::2 1 2\r\nGET / HTTP/1.1\r\n"
	   "X-Forwarded-For: 10.1.0.7\r\n\r\n"),
     "10.1.0.7 ", NULL},
    {"version 1 that makes no sense", BYTES("PROXY TCP4 10.1.0.7 192.0.2.10 4000\r\n"), "", NULL},
    {"version 1 without end",
     BYTES("PROXY TCP4 10.1.0.7 192.0.2.10 4000 443 "
	   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r"
	   "\n"),
     "", NULL},
    {"version 2",
     BYTES(SIGNATURE "\x21\x11\0\x0c\x0a\1\0\7\xc0\0\2\x0a\x0f\xa0\1\xbb"
		     "GET / HTTP/1.1\r\n\r\n"),
     "10.1.0.7:4000>192.0.2.10:443 ", NULL},
    {"version 2 with more behind the addresses",
     BYTES(SIGNATURE "\x21\x11\0\x10\x0a\1\0\7\xc0\0\2\x0a\x0f\xa0\1\xbb\4\0\1x"),
     "10.1.0.7:4000>192.0.2.10:443 ", NULL},
    {"version 2, IPv4 in IPv6",
     BYTES(SIGNATURE "\x21\x21\0\x24\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\0\7"
		     "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\x0a\x0f\xa0\1\xbb"),
     "10.1.0.7:4000>192.0.2.10:443 ", NULL},
    {"version 2, local", BYTES(SIGNATURE "\x20\0\0\0"), "local ", NULL},
    {"version 2, local, with addresses",
     BYTES(SIGNATURE "\x20\x11\0\x0c\x0a\1\0\7\xc0\0\2\x0a\x0f\xa0\1\xbb"), "local ", NULL},
    {"version 2, unspecified, and what follows",
     BYTES(SIGNATURE "\x21\0\0\3abcGET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n"),
     "10.1.0.7 ", NULL},
    {"version 2 whose length is too short for its addresses",
     BYTES(SIGNATURE "\x21\x11\0\4\x0a\1\0\7"), "", NULL},
    {"version 3", BYTES(SIGNATURE "\x31\x11\0\x0c\x0a\1\0\7\xc0\0\2\x0a\x0f\xa0\1\xbb"), "", NULL},
    {"half a signature, then a request",
     BYTES("\r\n\r\nGET / HTTP/1.1\r\nX-Forwarded-For: "
	   "10.1.0.7\r\n\r\n"),
     "10.1.0.7 ", NULL},
    {"the last value of the last header",
     BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.1, 10.1.0.2\r\nx-forwarded-FOR:\t10.1.0.3 "
	   ",  10.1.0.7  \r\n\r\n"),
     "10.1.0.7 ", NULL},
    {"addresses with ports",
     BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7:4000\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: [2001:db8::7]:4000\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 2001:db8::7\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: ::ffff:10.1.0.7\r\n\r\n"),
     "10.1.0.7:4000 2001:db8::7:4000 2001:db8::7 10.1.0.7 ", NULL},
    {"what is no address",
     BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7, unknown\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7, \r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.700\r\n\r\n"
	   "GET / HTTP/1.1\r\n\r\n"),
     "? ? ? ? ", NULL},
    {"Forwarded",
     BYTES("GET / HTTP/1.1\r\nForwarded: for=10.1.0.1;by=_a, By=\"x,y;for=10.1.0.2\" ; "
	   "For=\"[2001:db8::7]:_port\";proto=http\r\n\r\n"
	   "GET / HTTP/1.1\r\nForwarded: for=10.1.0.1, for=_hidden\r\n\r\n"
	   "GET / HTTP/1.1\r\nForwarded: for=\"10.1.0.7:80\"\r\n\r\n"),
     "2001:db8::7 ? 10.1.0.7:80 ", NULL},
    {"of both headers the last",
     BYTES("GET / HTTP/1.1\r\nForwarded: for=10.1.0.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.1\r\nForwarded: for=10.1.0.7\r\n\r\n"),
     "10.1.0.7 10.1.0.7 ", NULL},
    {"a named header and no other",
     BYTES("GET / HTTP/1.1\r\nX-Real-Ip: 10.1.0.7\r\nX-Forwarded-For: 10.1.0.1\r\n\r\n"),
     "10.1.0.7 ", "x-real-IP"},
    {"bodies are passed over",
     BYTES("POST / HTTP/1.1\r\nContent-Length: 39\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: x\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.8\r\n\r\n"),
     "10.1.0.7 10.1.0.8 ", NULL},
    {"so are chunks",
     BYTES("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"
	   "5;name=value\r\nGET /\r\n12\r\n HTTP/1.1\r\n\r\nxxxxx\r\n0\r\nX-Forwarded-For: "
	   "10.1.0.1\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.8\r\n\r\n"),
     "? 10.1.0.8 ", NULL},
    {"lines may end with a newline alone", BYTES("GET / HTTP/1.0\nX-Forwarded-For: 10.1.0.7\n\n"),
     "10.1.0.7 ", NULL},
    {"this is no HTTP",
     BYTES("\x16\3\1\2\0X-Forwarded-For: 10.1.0.7\r\n\r\nGET / HTTP/1.1\r\n"
	   "X-Forwarded-For: 10.1.0.7\r\n\r\n"),
     "", NULL},
    {"nor is HTTP/2", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "", NULL},
    {"nor is a NUL in a value", BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\0\r\n\r\n"),
     "? ", NULL},
};

static void
sample_in_pieces(const struct sample *sample)
{
	for (int order = IN_ORDER; order <= TWICE; order++) {
		unsigned wrong = 0;
		struct said said;

		for (size_t piece = 1; piece <= sample->size; piece++) {
			/* What has lost its place goes on at a segment's start: not the same. */
			said = hear(sample->bytes, sample->size, piece, (enum order)order,
				    sample->header);
			if (strcmp(said.text, sample->said) != 0 && wrong++ == 0)
				printf("# pieces of %zu: '%s', not '%s'\n", piece, said.text,
				       sample->said);
		}
		ok(wrong == 0, "%s, %s", sample->name,
		   order == IN_ORDER ? "in pieces"
				     : (order == TWICE ? "each twice" : "the wrong way round"));
	}
}

/* Bytes that were not captured. */
static void
gaps(void)
{
	static const char request[] = "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n";
	static const char post[] = "POST / HTTP/1.1\r\nContent-Length: 5000\r\n"
				   "X-Forwarded-For: 10.1.0.8\r\n\r\n";
	const unsigned char *get = (const unsigned char *)request;
	uint32_t size = sizeof(request) - 1, length = sizeof(post) - 1;
	struct allowance allowance = {.limit = 1 << 20};
	struct said said = {.text = ""};
	struct inspect inspect;

	inspect_init(&inspect, 1, NULL);
	push(&inspect, 1, (const unsigned char *)post, length, length, &allowance, report, &said);
	/* Of the body's first segment 10 bytes were kept, and the second was lost. */
	push(&inspect, 1 + length, get, 10, 2000, &allowance, report, &said);
	for (int i = 0; i < 20; i++)
		push(&inspect, 1 + length + 5000 + (uint32_t)i * size, get, size, size, &allowance,
		     report, &said);
	ok(strncmp(said.text, "10.1.0.8 10.1.0.7 10.1.0.7 ", 26) == 0,
	   "a body with a hole is passed over by its length");
	inspect_release(&inspect, &allowance);

	said = (struct said){.text = ""};
	inspect_init_midway(&inspect, NULL);
	push(&inspect, 77, (const unsigned char *)"0.1.0.1\r\n\r\n", 11, 11, &allowance, report,
	     &said);
	push(&inspect, 88, get, size, size, &allowance, report, &said);
	is_str(said.text, "10.1.0.7 ", "in the middle of a connection, from the next request on");
	inspect_release(&inspect, &allowance);
	said = (struct said){.text = ""};
	inspect_init_midway(&inspect, NULL);
	push(&inspect, 77, (const unsigned char *)"PROXY TCP4 10.1.0.7 1.1.1.1 1 1\r\n", 33, 33,
	     &allowance, report, &said);
	is_str(said.text, "", "in the middle no PROXY header is believed");
	inspect_release(&inspect, &allowance);
	ok(allowance.used == 0, "nothing is left");
}

/* Memory that cannot be filled. */
static void
hostile(void)
{
	static unsigned char filler[60000];
	struct allowance allowance = {.limit = 100000};
	struct said said = {.text = ""};
	struct inspect inspect;
	size_t most = 0;

	memset(filler, 'a', sizeof(filler));
	inspect_init(&inspect, 0, NULL);
	for (uint32_t i = 1; i < 1000; i++) {
		push(&inspect, i * 70000, filler, sizeof(filler), sizeof(filler), &allowance,
		     report, &said);
		most = allowance.used > most ? allowance.used : most;
	}
	ok(most <= allowance.limit, "segments that never fit together take %zu bytes", most);
	inspect_release(&inspect, &allowance);

	inspect_init(&inspect, 0, NULL);
	push(&inspect, 0, (const unsigned char *)"GET / HTTP/1.1\r\nX: ", 19, 19, &allowance,
	     report, &said);
	ok(inspect_is_pending(&inspect), "a request that has begun is waited for");
	push(&inspect, 19, filler, 40000, 40000, &allowance, report, &said);
	push(&inspect, 40019, filler, 40000, 40000, &allowance, report, &said);
	push(&inspect, 80019, (const unsigned char *)"\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n", 31,
	     31, &allowance, report, &said);
	ok(!inspect_is_pending(&inspect), "not beyond 64 KiB of headers");
	is_str(said.text, "", "which say nothing then");
	inspect_release(&inspect, &allowance);
}

static void
paths(void)
{
	static const struct {
		const char *request, *path;
	} cases[] = {
	    {"GET /health HTTP/1.0\r\n", "/health"},
	    {"GET /health?x=/other HTTP/1.1\r\n", "/health"},
	    {"GET http://shop/health HTTP/1.1\r\n", "/health"},
	    {"PROXY TCP4 1.1.1.1 2.2.2.2 1 1\r\nHEAD /health HTTP/1.1\r\n", "/health"},
	    {"GET /health/ HTTP/1.1\r\n", "/health/"},
	    {"GET /a HTTP/1.1\r\n\r\nGET /health HTTP/1.1\r\n", "/a"},
	    {"OPTIONS * HTTP/1.1\r\n", "*"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct allowance allowance = {.limit = 1 << 20};
		struct said said = {.text = ""};
		struct inspect inspect;
		uint64_t path;
		uint32_t size = (uint32_t)strlen(cases[i].request);

		inspect_init(&inspect, 0, NULL);
		ok(!inspect_has_path(&inspect, &path), "no path before it is read");
		push(&inspect, 0, (const unsigned char *)cases[i].request, size, size, &allowance,
		     report, &said);
		ok(inspect_has_path(&inspect, &path) &&
		       path == http1_path(cases[i].path, strlen(cases[i].path)),
		   "the path of request %zu is '%s'", i, cases[i].path);
		inspect_release(&inspect, &allowance);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		sample_in_pieces(&samples[i]);
	gaps();
	hostile();
	paths();
	return done_testing();
}
