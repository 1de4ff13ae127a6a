/*
 * An incremental parser of HTTP/1.x requests (RFC 9112): the path of the first, and the client of
 * each by its headers (forwarded.h). Memory is fixed, and a request whose headers exceed
 * HTTP1_HEADER_MAX bytes is given up. What looks like requests behind one with Upgrade or CONNECT, or with a length
 * that cannot be read, names no client: it may be whatever a client has sent.
 */
#ifndef VCAP_HTTP1_H
#define VCAP_HTTP1_H

#include "join/forwarded.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP1_HEADER_MAX (64u << 10)
#define HTTP1_TEXT       FORWARDED_TEXT

enum http1_state {
	HTTP1_START, /* before a request */
	HTTP1_METHOD,
	HTTP1_TARGET,
	HTTP1_VERSION,
	HTTP1_NAME,
	HTTP1_VALUE,
	HTTP1_BODY,
	HTTP1_CHUNK_SIZE,
	HTTP1_CHUNK_REST, /* a chunk extension, up to the end of the line */
	HTTP1_CHUNK,
	HTTP1_CHUNK_END,
	HTTP1_TRAILER,
	HTTP1_LOST,   /* out of step, until a segment starts like a request */
	HTTP1_OPAQUE, /* not HTTP/1.x; final */
};

struct http1 {
	enum http1_state state;
	uint32_t header_bytes; /* of the current request so far */
	uint32_t count;        /* requests whose headers were parsed */
	uint64_t left;         /* remaining bytes of the body or chunk */
	uint8_t header;        /* the current one: an enum header */
	bool is_chunked, has_length, is_cut, is_quoted, has_line;
	bool is_unended,
	    is_folded; /* the line before, but for a comma; and this one goes on with it */
	/* The request may end HTTP, by Upgrade or CONNECT, or has a length that cannot be read; one has. */
	bool may_end, has_ended;
	uint16_t length; /* of text */
	char text[HTTP1_TEXT];
	uint64_t path;              /* of the first request (http1_path) */
	struct forwarded forwarded; /* of the newest request */
};

/* For the first byte of a connection; rule and engine as in forwarded_init. */
void http1_init(struct http1 *http, const struct forwarded_rule *rule, struct addr engine);

/* For bytes from the middle of a connection: waits for a segment that starts like a request. */
void http1_resync(struct http1 *http);

/*
 * Parses bytes, of which the first is that of a segment if at_segment. Returns the number used:
 * all, unless *is_complete, when the headers of a request end with the last byte used and forwarded is
 * whole.
 */
size_t http1_feed(struct http1 *http, const unsigned char *bytes, size_t size, bool at_segment,
		  bool *is_complete);

/* Skips bytes that were not captured. */
void http1_skip(struct http1 *http, uint32_t size);

/* Whether a request has begun whose headers have not ended. */
bool http1_is_pending(const struct http1 *http);

/* A hash of a path without its query. Never 0. */
uint64_t http1_path(const char *path, size_t length);

#endif
