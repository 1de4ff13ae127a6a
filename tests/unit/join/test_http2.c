/* HTTP/2 with prior knowledge: clients and paths by HPACK, in pieces, and from the middle. */
#include "join/heard.h"
#include "join/http2.h"

#define SETTINGS "\0\0\0\4\0\0\0\0\0"
/* :method GET, :scheme http, :path /, and x-forwarded-for, which enters the table as number 62. */
#define BLOCK                                     \
	"\x82\x86\x84\x40\x0fx-forwarded-for\x08" \
	"10.1.0.7"
#define FIRST         "\0\0\x1d\1\4\0\0\0\1" BLOCK
#define AGAIN         "\0\0\4\1\4\0\0\0\3\x82\x86\x84\xbe"
#define UNKNOWN_ENTRY "\0\0\4\1\4\0\0\0\5\x82\x86\x84\xbf"
#define DATA          "\0\0\5\0\1\0\0\0\1hello"
#define WINDOW        "\0\0\4\x8\0\0\0\0\0\0\0\0\1"
/* Padded, with priority, and the rest in a CONTINUATION. */
#define PARTS                                                    \
	"\0\0\x0c\1\x28\0\0\0\7\2\0\0\0\0\1\x82\x86\x84\x40\0\0" \
	"\0\0\x19\x9\4\0\0\0\7\x0fx-forwarded-for\x08"           \
	"10.1.0.9"
/* The CONTINUATION that ends it is empty. */
#define EMPTY_PART "\0\0\x1d\1\0\0\0\0\1" BLOCK "\0\0\0\x9\4\0\0\0\1"
#define TRAILERS   "\0\0\5\1\5\0\0\0\1\x40\1a\1b"
#define CHECK      "\0\0\x21\1\4\0\0\0\1\x83\x86\x04\x1c/grpc.health.v1.Health/Check\1\0"

static const struct sample samples[] = {
    {"literals, the table, padding, continuations, trailers",
     BYTES(HTTP2_PREFACE SETTINGS FIRST AGAIN DATA TRAILERS WINDOW PARTS),
     "10.1.0.7 10.1.0.7 10.1.0.9 ", NULL},
    {"an empty continuation", BYTES(HTTP2_PREFACE SETTINGS EMPTY_PART AGAIN), "10.1.0.7 10.1.0.7 ",
     NULL},
    {"an entry that there is not, and what follows",
     BYTES(HTTP2_PREFACE SETTINGS FIRST UNKNOWN_ENTRY PARTS), "10.1.0.7 ? 10.1.0.9 ", NULL},
    {"a named header", BYTES(HTTP2_PREFACE SETTINGS FIRST), "? ", "x-real-ip"},
    {"behind a PROXY header that names no client",
     BYTES("PROXY UNKNOWN\r\n" HTTP2_PREFACE SETTINGS FIRST), "10.1.0.7 ", NULL},
    {"behind one that does", BYTES("PROXY TCP4 10.1.0.1 192.0.2.10 1 80\r\n" HTTP2_PREFACE FIRST),
     "10.1.0.1:1>192.0.2.10:80 ", NULL},
    {"half a preface",
     BYTES("PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\nX-Forwarded-For: ::7\r\n\r\n"), "", NULL},
};

static const struct forwarded_rule any;
static const struct addr nobody;

static void
push_text(struct inspect *inspect, uint32_t *at, const char *bytes, uint32_t size, uint32_t wire,
	  struct allowance *allowance, struct said *said)
{
	push(inspect, *at, (const unsigned char *)bytes, size, wire, allowance, report, said);
	*at += wire;
}
#define PUSH(bytes, lost)                                                                          \
	push_text(&inspect, &at, bytes, sizeof(bytes) - 1, sizeof(bytes) - 1 + (lost), &allowance, \
		  &said)

static void
midway(void)
{
	struct allowance allowance = {.limit = 1 << 20};
	struct said said = {.text = ""};
	struct inspect inspect;
	uint32_t at = 5;

	inspect_init_midway(&inspect, &any, nobody);
	PUSH("rest of a frame", 0);
	PUSH(WINDOW FIRST, 0);
	is_str(said.text, "", "two frames are not believed");
	PUSH(FIRST, 0);
	is_str(said.text, "10.1.0.7 ", "the third is");
	PUSH(AGAIN UNKNOWN_ENTRY, 0);
	PUSH(FIRST, 0);
	is_str(said.text, "10.1.0.7 10.1.0.7 ? 10.1.0.7 ",
	       "what came since then is known, what did not is not");
	inspect_release(&inspect, &allowance);
	ok(allowance.used == 0, "nothing is left");

	at = 5;
	said = (struct said){.text = ""};
	inspect_init(&inspect, at, &any, nobody);
	PUSH(HTTP2_PREFACE SETTINGS FIRST, 0);
	PUSH("\0\4\0\0\1\0\0\0\1hel", 1021);
	PUSH(AGAIN, 0);
	is_str(said.text, "10.1.0.7 10.1.0.7 ", "a hole within DATA is passed over by its length");
	PUSH("", 100);
	PUSH(WINDOW WINDOW PARTS, 0);
	PUSH(AGAIN, 0);
	is_str(said.text, "10.1.0.7 10.1.0.7 10.1.0.9 10.1.0.9 ", "one elsewhere begins anew");
	inspect_release(&inspect, &allowance);
	ok(allowance.used == 0, "nothing is left");
}

static void
health(void)
{
	static const char path[] = "/grpc.health.v1.Health/Check";
	static const char bytes[] = HTTP2_PREFACE SETTINGS CHECK;
	struct allowance allowance = {.limit = 1 << 20};
	struct said said = {.text = ""};
	struct inspect inspect;
	uint64_t hash = 1;
	uint32_t at = 1;

	inspect_init(&inspect, at, &any, nobody);
	for (size_t i = 0; i < 20; i++) {
		push_text(&inspect, &at, bytes + i, 1, 1, &allowance, &said);
		ok(!inspect_has_path(&inspect, &hash), "no path within the preface");
	}
	push_text(&inspect, &at, bytes + 20, sizeof(bytes) - 21, sizeof(bytes) - 21, &allowance,
		  &said);
	ok(inspect_has_path(&inspect, &hash) && hash == http1_path(path, strlen(path)),
	   "the path of a health check of gRPC");
	inspect_release(&inspect, &allowance);
	/* No memory: it is left alone. */
	allowance = (struct allowance){.limit = 100};
	inspect_init(&inspect, 1, &any, nobody);
	at = 1;
	PUSH(HTTP2_PREFACE SETTINGS FIRST, 0);
	ok(inspect_is_done(&inspect) && allowance.used == 0, "without memory it is not read");
	inspect_release(&inspect, &allowance);
}

/* A frame as it is read: B, H, E with the offset, of the end what it says; + a header, X out of step. */
struct events {
	char text[1024];
	size_t length;
};

static void
add_header(void *context, const char *name, const char *value, size_t size)
{
	struct events *events = context;

	events->length +=
	    (size_t)snprintf(events->text + events->length, sizeof(events->text) - events->length,
			     "+%s=%.*s ", name, (int)size, value);
}

static const char *
events_of(struct http2 *http2, const char *bytes, size_t size, size_t piece)
{
	static struct events events;
	size_t at = 0;

	events.length = 0;
	events.text[0] = '\0';
	while (at < size) {
		size_t left = size - at < piece ? size - at : piece;
		enum http2_event event;

		do {
			const struct http2_frame *frame = http2_frame(http2);
			size_t used = http2_read(http2, (const unsigned char *)bytes + at, left,
						 at == 0, add_header, &events, &event);

			at += used;
			left -= used;
			if (event == HTTP2_MORE)
				continue;
			events.length += (size_t)snprintf(
			    events.text + events.length, sizeof(events.text) - events.length,
			    event == HTTP2_ENDED ? "%c%zu(%u%s%s%s%s%s) " : "%c%zu ",
			    " BHEX"[event], at, frame -> stream,
			    frame -> ends_block ? " block" : "",
			    frame->ends_stream ? " stream" : "",
			    frame->is_promise ? " promise" : "", frame->is_uncertain ? " ?" : "",
			    frame->type == HTTP2_GOAWAY && frame->last_stream == 5 ? " 5" : "");
		} while (event != HTTP2_MORE);
	}
	return events.text;
}

static void
frames_are(const char *name, enum http2_sender sender, const char *bytes, size_t size,
	   const char *wanted)
{
	static const size_t pieces[] = {1, 2, 3, 10, 1000};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct http2 *http2 = http2_new(sender);

		is_str(events_of(http2, bytes, size, pieces[i]), wanted, name);
		http2_free(http2);
	}
}
#define FRAMES(name, bytes, wanted) frames_are(name, HTTP2_CLIENT, bytes, sizeof(bytes) - 1, wanted)
#define SERVER_FRAMES(name, bytes, wanted) \
	frames_are(name, HTTP2_SERVER, bytes, sizeof(bytes) - 1, wanted)

static void
frames(void)
{
	struct http2 *http2 = http2_new(HTTP2_CLIENT);
	size_t before = http2_memory(http2);

	FRAMES("headers that end a stream, in two frames",
	       "\0\0\1\1\1\0\0\0\1\x82"
	       "\0\0\1\x9\4\0\0\0\1\x84",
	       "B1 H9 +:method=GET E10(1) B11 H19 +:path=/ E20(1 block stream) ");
	FRAMES("a block that goes on in another stream",
	       "\0\0\1\1\1\0\0\0\1\x82"
	       "\0\0\1\x9\4\0\0\0\3\x84",
	       "B1 H9 +:method=GET E10(1) B11 X19 ");
	FRAMES("DATA, empty and not; a reset; an extension",
	       "\0\0\0\0\0\0\0\0\1"
	       "\0\0\2\0\1\0\0\0\1ab"
	       "\0\0\4\3\0\0\0\0\3\0\0\0\0"
	       "\0\0\1\x10\xff\0\0\0\0x",
	       "B1 H9 E9(1) B10 H18 E20(1 stream) B21 H29 E33(3) B34 H42 E43(0) ");
	FRAMES("GOAWAY", "\0\0\x9\7\0\0\0\0\0\x80\0\0\5\0\0\0\0x", "B1 H9 E18(0 5) ");
	FRAMES("what is referred to is not there: headers up to it",
	       "\0\0\3\1\4\0\0\0\1\x88\xbe\x84", "B1 H9 +:status=200 E12(1 block ?) ");
	FRAMES("a block that ends within a header", "\0\0\2\1\4\0\0\0\1\x88\x40",
	       "B1 H9 +:status=200 E11(1 block ?) ");
	/* Stream 2 will be pushed; END_STREAM says nothing in such a frame. */
	SERVER_FRAMES("a promise: padded, in two frames, and what it adds to the table",
		      "\0\0\x11\5\x09\0\0\0\1\1\0\0\0\2\x82\x84\x40\1a\5hello\0"
		      "\0\0\1\x9\4\0\0\0\1\x86"
		      "\0\0\1\1\5\0\0\0\2\xbe",
		      "B1 H9 +:method=GET +:path=/ +a=hello E26(1 promise) B27 H35 "
		      "+:scheme=http E36(1 block promise) B37 H45 +a=hello E46(2 block stream) ");
	SERVER_FRAMES("a promise that is shorter than what it promises", "\0\0\3\5\4\0\0\0\1\0\0\2",
		      "B1 X9 ");
	FRAMES("a client that promises is out of step",
	       "\0\0\0\5\4\0\0\0\2"
	       "\0\0\0\0\0\0\0\0\1",
	       "B1 X9 ");

	is_str(events_of(http2, "\0\0\4\0\1\0\0\0\1x", 10, 100), "B1 H9 ", "DATA begins");
	ok(http2_skip(http2, 3), "bytes of it that were lost");
	is_str(events_of(http2, DATA, sizeof(DATA) - 1, 100), "E0(1 stream) B1 H9 E14(1 stream) ",
	       "... and it ends with them");
	ok(!http2_skip(http2, 1) && !http2_is_sure(http2), "others put it out of step");
	ok(http2_memory(http2) == before, "no decoder");
	events_of(http2, WINDOW WINDOW FIRST, sizeof(WINDOW WINDOW FIRST) - 1, 100);
	ok(http2_memory(http2) > before + 2048, "a decoder takes memory");
	http2_free(http2);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		sample_in_pieces(&samples[i]);
	midway();
	health();
	frames();
	return done_testing();
}
