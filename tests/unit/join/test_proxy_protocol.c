/* PROXY headers of both versions, whole and in pieces of every size. */
#include "join/heard.h"

static const struct sample samples[] = {
    {"version 1", BYTES("PROXY TCP4 10.1.0.7 192.0.2.10 4000 443\r\nGET / HTTP/1.1\r\n\r\n"),
     "10.1.0.7:4000>192.0.2.10:443 ", NULL},
    {"version 1, IPv6", BYTES("PROXY TCP6 2001:db8::7 2001:db8::10 4000 443\r\nx"),
     "2001:db8::7:4000>2001:db8::10:443 ", NULL},
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
    {"version 2 whose length is too short for its addresses",
     BYTES(SIGNATURE "\x21\x11\0\4\x0a\1\0\7"), "", NULL},
    {"version 3", BYTES(SIGNATURE "\x31\x11\0\x0c\x0a\1\0\7\xc0\0\2\x0a\x0f\xa0\1\xbb"), "", NULL},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		sample_in_pieces(&samples[i]);
	return done_testing();
}
