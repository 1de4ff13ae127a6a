/*
 * An incremental parser of one direction of HTTP/2 with prior knowledge (RFC 9113): its frames, and the
 * headers in them by HPACK (RFC 7541); and of what a client sends, as an engine does to a server, the
 * requests, each of a stream. Memory is bounded: HTTP2_MEMORY for each parser.
 */
#ifndef VCAP_HTTP2_H
#define VCAP_HTTP2_H

#include "join/forwarded.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP2_PREFACE     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" /* RFC 9113, 3.4 */
#define HTTP2_PREFACE_MAX (sizeof(HTTP2_PREFACE) - 1)
#define HTTP2_MEMORY      (32u << 10) /* of a parser with all it owns, about */
#define HTTP2_BLOCK_MAX   (64u << 10) /* bytes of a request's headers that are looked at */

struct http2;

/* Whose bytes they are: only a server makes promises (RFC 9113, 8.4). */
enum http2_sender { HTTP2_CLIENT, HTTP2_SERVER };

/* RFC 9113, 6: what concerns a stream. */
enum http2_type {
	HTTP2_DATA = 0,
	HTTP2_HEADERS = 1,
	HTTP2_RST_STREAM = 3,
	HTTP2_PUSH_PROMISE = 5,
	HTTP2_GOAWAY = 7,
	HTTP2_CONTINUATION = 9,
};

#define HTTP2_STREAM_MAX (UINT32_MAX >> 1)

struct http2_frame {
	uint8_t type, flags;
	uint32_t stream;
	uint32_t size;   /* of all of it, with its head */
	bool is_promise; /* it belongs to a block of headers that the server promises to answer */
	/* Once it has ended: */
	bool ends_block;  /* and with it a block of headers */
	bool ends_stream; /* and with it the message of its stream, in this direction */
	bool
	    is_uncertain; /* the block refers to what was not captured: its headers came up to there */
	uint32_t last_stream; /* GOAWAY: the last that its sender deals with */
};

enum http2_event {
	HTTP2_MORE,  /* all bytes were used */
	HTTP2_BEGUN, /* the last byte used is the first of a frame */
	HTTP2_HEAD,  /* ... is the last of a frame's head */
	HTTP2_ENDED, /* ... is the last of a frame */
	HTTP2_OUT, /* no frame can be here: out of step, until a segment that starts with frames */
};

/* Receives a header of the block at hand, valid for the call. name is in lower case and has no NUL; value
 * has one behind it. */
typedef void http2_field(void *context, const char *name, const char *value, size_t size);

/* For the first byte behind the preface, or of the server; or midway, for the first of some later
 * segment. NULL: out of memory. */
struct http2 *http2_new(enum http2_sender sender);
struct http2 *http2_new_midway(enum http2_sender sender);
/* http2 may be NULL. */
void http2_free(struct http2 *http2);

/*
 * Parses bytes, of which the first is that of a segment if at_segment, up to the next event. Returns how
 * many were used; call again, also with none left, until the event is HTTP2_MORE.
 */
size_t http2_read(struct http2 *http2, const unsigned char *bytes, size_t size, bool at_segment,
		  http2_field *field, void *context, enum http2_event *event);

/* The frame at hand, from HTTP2_HEAD to HTTP2_ENDED. */
const struct http2_frame *http2_frame(const struct http2 *http2);

/* What it takes of memory now, about. */
size_t http2_memory(const struct http2 *http2);

/* What the newest request said; valid when http2_feed says that one is complete. */
struct http2_request {
	uint64_t path;     /* http1_path of its :path; 0: it has none */
	bool is_uncertain; /* a part of its headers refers to what was not captured */
};

/*
 * For requests alone, in the place of http2_read. Parses bytes, of which the first is that of a segment if
 * at_segment. Returns the number used: all, unless *is_complete, when a request's headers end with the last byte used and request and forwarded
 * are filled; both are undefined before.
 */
size_t http2_feed(struct http2 *http2, const unsigned char *bytes, size_t size, bool at_segment,
		  struct forwarded *forwarded, struct http2_request *request, bool *is_complete);

/* Bytes were not captured. False: they are not all of one frame that has begun and holds no headers, so it
 * is out of step. */
bool http2_skip(struct http2 *http2, uint32_t size);

/* Whether it is HTTP/2: it began with the preface, or several frames have followed each other. */
bool http2_is_sure(const struct http2 *http2);

/* Whether a request's headers have begun and not ended. */
bool http2_is_pending(const struct http2 *http2);

#endif
