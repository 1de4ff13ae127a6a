/* Events of messages are the same whatever pieces the bytes come in. */
#include "tap.h"
#include "transactions/http_message.h"

#include <string.h>

/* B, H, E for each event, with the offset; the text ends with the state. */
static const char *
events(enum http_kind kind, const char *text, size_t piece)
{
	static char log[512];
	struct http_message http;
	size_t size = strlen(text), at = 0, length = 0;

	http_message_init(&http, kind);
	log[0] = '\0';
	while (at < size) {
		size_t left = size - at < piece ? size - at : piece;
		bool at_segment = true;
		enum http_event event;

		do {
			size_t used = http_message_feed(&http, (const unsigned char *)text + at,
							left, at_segment, &event);

			at += used;
			left -= used;
			at_segment = false;
			if (event != HTTP_MORE)
				length += (size_t)snprintf(log + length, sizeof(log) - length,
							   "%c%zu ", " BHE"[event], at);
			if (event == HTTP_HEAD && http.status == 304)
				http_message_no_body(&http);
		} while (event != HTTP_MORE);
	}
	snprintf(log + length, sizeof(log) - length, "%s",
		 http_message_is_open(&http) ? "open"
		 : http.state == HTTP_OPAQUE ? "opaque"
		 : http.state == HTTP_LOST   ? "lost"
					     : "");
	return log;
}

static void
same(enum http_kind kind, const char *text, const char *wanted)
{
	static const size_t pieces[] = {1, 2, 3, 7, 1000};
	bool good = true;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
		good &= strcmp(events(kind, text, pieces[i]), wanted) == 0;
	if (!ok(good, "%s", wanted))
		printf("# got: %s\n", events(kind, text, 1000));
}

int
main(void)
{
	struct http_message http;
	enum http_event event;
	size_t size;

	same(HTTP_REQUEST, "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\n\n", "B1 H18 E18 B19 H34 E34 ");
	same(HTTP_REQUEST, "POST / HTTP/1.1\r\ncontent-LENGTH:  3 \r\n\r\nabcG",
	     "B1 H40 E43 B44 open");
	same(HTTP_RESPONSE,
	     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: "
	     "b\r\n\r\n",
	     "B1 H53 E76 ");
	same(HTTP_RESPONSE, "HTTP/1.1 200 OK\r\n\r\nabc", "B1 H19 open");
	same(HTTP_RESPONSE, "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\nHTTP/1.0 200 \r\n",
	     "B1 H38 E38 B39 open");
	same(HTTP_REQUEST, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "B1 opaque");
	same(HTTP_REQUEST, "\x16\x03\x01\x02\x03\n", "opaque");
	same(HTTP_REQUEST, "AMQP\x01", "B1 opaque");
	same(HTTP_REQUEST, "hello", "opaque");
	same(HTTP_REQUEST, "GET / HTTP/1.1\r\n\r\nnonsense\r\n", "B1 H18 E18 B19 lost");
	http_message_init(&http, HTTP_RESPONSE);
	http_message_feed(&http, (const unsigned char *)"H", 1, true, &event);
	ok(!http_message_skip(&http, 5) && http.state == HTTP_LOST, "lost bytes of a head");
	size = http_message_feed(&http, (const unsigned char *)"HTTP/1.1 200", 12, true, &event);
	ok(size == 1 && event == HTTP_BEGUN, "the next message is found");
	http_message_path("http://a.b/c?d", &size);
	ok(size == 2 && *http_message_path("http://a.b?d", &size) == '/' && size == 1,
	   "the path of an absolute target");
	return done_testing();
}
