/* A PROXY header and requests after it, lost bytes, and input that wants memory. */
#include "join/heard.h"

static const struct forwarded_rule any;
static const struct addr nobody;

static const struct sample samples[] = {
    {"version 1, unknown",
     BYTES("PROXY UNKNOWN ff::1 ff::2 1 2\r\nGET / HTTP/1.1\r\n"
	   "X-Forwarded-For: 10.1.0.7\r\n\r\n"),
     "10.1.0.7 ", NULL},
    {"version 2, unspecified, and what follows",
     BYTES(SIGNATURE "\x21\0\0\3abcGET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n"),
     "10.1.0.7 ", NULL},
    {"half a signature, then a request",
     BYTES("\r\n\r\nGET / HTTP/1.1\r\nX-Forwarded-For: "
	   "10.1.0.7\r\n\r\n"),
     "10.1.0.7 ", NULL},
};

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

	inspect_init(&inspect, 1, &any, nobody);
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
	inspect_init_midway(&inspect, &any, nobody);
	push(&inspect, 77, (const unsigned char *)"0.1.0.1\r\n\r\n", 11, 11, &allowance, report,
	     &said);
	push(&inspect, 88, get, size, size, &allowance, report, &said);
	is_str(said.text, "10.1.0.7 ", "in the middle of a connection, from the next request on");
	inspect_release(&inspect, &allowance);
	said = (struct said){.text = ""};
	inspect_init_midway(&inspect, &any, nobody);
	push(&inspect, 77, (const unsigned char *)"PROXY TCP4 10.1.0.7 1.1.1.1 1 1\r\n", 33, 33,
	     &allowance, report, &said);
	is_str(said.text, "", "in the middle no PROXY header is believed");
	inspect_release(&inspect, &allowance);
	ok(allowance.used == 0, "nothing is left");
}

/* A PROXY header of version 2, of no address, whose last 12 bytes and what follows were not kept. */
static void
header_cut(void)
{
	static const unsigned char header[] = SIGNATURE "\x21\0\0\x14TLVTLVTL";
	static const char request[] = "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n";
	const uint32_t kept = sizeof(header) - 1, wire = 16 + 20 + 1000, size = sizeof(request) - 1;
	struct allowance allowance = {.limit = 1 << 20};
	struct said said = {.text = ""};
	struct inspect inspect;

	inspect_init(&inspect, 1, &any, nobody);
	push(&inspect, 1, header, kept, wire, &allowance, report, &said);
	push(&inspect, 1 + wire, (const unsigned char *)request, size, size, &allowance, report,
	     &said);
	is_str(said.text, "10.1.0.7 ",
	       "the rest of a PROXY header is lost, and more: the next request");
	inspect_release(&inspect, &allowance);
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
	inspect_init(&inspect, 0, &any, nobody);
	for (uint32_t i = 1; i < 1000; i++) {
		push(&inspect, i * 70000, filler, sizeof(filler), sizeof(filler), &allowance,
		     report, &said);
		most = allowance.used > most ? allowance.used : most;
	}
	ok(most <= allowance.limit, "segments that never fit together take %zu bytes", most);
	inspect_release(&inspect, &allowance);

	inspect_init(&inspect, 0, &any, nobody);
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

int
main(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		sample_in_pieces(&samples[i]);
	gaps();
	header_cut();
	hostile();
	return done_testing();
}
