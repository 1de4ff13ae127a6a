/* Clients and paths in HTTP requests, whole and in pieces of every size. */
#include "join/heard.h"
#include "join/http1.h"

#include <stdlib.h>

static const struct sample samples[] = {
    {"the last value of the last header",
     BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.1, 10.1.0.2\r\nx-forwarded-FOR:\t10.1.0.3 "
	   ",  10.1.0.7  \r\n\r\n"),
     "10.1.0.7 ", NULL},
    {"values that are the engine's own",
     BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.1, 10.1.0.7, 127.0.0.1\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\nX-Forwarded-For: ::1, 10.9.0.5, "
	   "192.0.2.10:80\r\n\r\n"
	   "GET / HTTP/1.1\r\nForwarded: for=10.1.0.7, for=\"[::ffff:127.0.0.1]:80\"\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7, unknown, 127.0.0.1\r\n\r\n"),
     "10.1.0.7 10.1.0.7 10.1.0.7 ? ? ", NULL},
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
    {"headers that agree, and those that do not",
     BYTES("GET / HTTP/1.1\r\nForwarded: for=10.1.0.7\r\nX-Forwarded-For: 10.1.0.7:80\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.1\r\nForwarded: for=10.1.0.7\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Real-IP: 10.1.0.7\r\nX-Forwarded-For: 10.1.0.1\r\n\r\n"
	   "GET / HTTP/1.1\r\nForwarded: for=_x\r\nX-Forwarded-For: 10.1.0.1\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 10.1.0.7\r\n\r\n"),
     "10.1.0.7:80 disputed? disputed? disputed? 10.1.0.7 ", NULL},
    {"what is nobody's address",
     BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7, 0.0.0.0\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7, 255.255.255.255\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7, ff02::1, ::\r\n\r\n"),
     "? ? ? ", NULL},
    {"the address of the connection itself is no client's",
     BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7, 10.9.0.9\r\n\r\n"), "10.1.0.7 ", NULL},
    {"no header counts", BYTES("GET / HTTP/1.1\r\nNone: 10.1.0.7\r\nForwarded: for=::7\r\n\r\n"),
     "? ", "none"},
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

/* So many values from the end. */
static const struct sample hops[] = {
    {"hops",
     BYTES("GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.1, 10.1.0.7, 10.1.0.8\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7\r\n"
	   "X-Forwarded-For: 10.1.0.8, 10.9.0.5\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 10.1.0.7, 127.0.0.1\r\n\r\n"
	   "GET / HTTP/1.1\r\nX-Forwarded-For: 1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5, "
	   "1.1.1.6, 1.1.1.7, 1.1.1.8, 1.1.1.9, 1.1.2.0, 1.1.2.1, 1.1.2.2, 1.1.2.3, 1.1.2.4, "
	   "1.1.2.5, 1.1.2.6, 1.1.2.7, 10.1.0.7, unknown\r\n\r\n"),
     "10.1.0.7 10.1.0.7 ? 10.1.0.7 ", "x-forwarded-for"},
};

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

		inspect_init(&inspect, 0, NULL, (struct addr){0});
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
	struct service service = SERVICE_INIT;
	struct failure why;

	if (service_parse(&service, "shop",
			  "vip 192.0.2.10 tcp/80\nserver 10.0.0.1\nsource 10.9.0.5\n", "shop",
			  &why) < 0)
		abort();
	heard_service = &service;
	if (addr_parse(&heard_engine, "10.9.0.9", NULL) < 0)
		abort();
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		sample_in_pieces(&samples[i]);
	heard_hops = "2";
	for (size_t i = 0; i < sizeof(hops) / sizeof(*hops); i++)
		sample_in_pieces(&hops[i]);
	paths();
	service_release(&service);
	return done_testing();
}
