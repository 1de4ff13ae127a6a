/*
 * HTTP/1.x requests in the bytes of a connection (RFC 9112): what each is for, and the client that
 * the engine says it comes from, in X-Forwarded-For, Forwarded (RFC 7239) or another header.
 *
 * The last value of the last such header counts: it is what the engine itself added, and clients
 * can write all others. Bodies are passed over by their length or chunks. Memory is fixed, whatever
 * the bytes: a header of more than HTTP1_HEADER_MAX bytes is given up.
 *
 * Where bytes were lost, or what follows is no request, reading goes on with the next segment that
 * starts like one. A connection that does not begin with a request is opaque for good.
 */
#ifndef VCAP_HTTP1_H
#define VCAP_HTTP1_H

#include "join/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP1_HEADER_MAX (64u << 10)
#define HTTP1_TEXT       264

enum http1_state {
	HTTP1_START, /* before a request */
	HTTP1_METHOD,
	HTTP1_TARGET,
	HTTP1_VERSION,
	HTTP1_NAME,
	HTTP1_VALUE,
	HTTP1_BODY,
	HTTP1_CHUNK_SIZE,
	HTTP1_CHUNK_REST, /* an extension, and the end of the line */
	HTTP1_CHUNK,
	HTTP1_CHUNK_END,
	HTTP1_TRAILER,
	HTTP1_LOST,   /* until a segment starts like a request */
	HTTP1_OPAQUE, /* this is no HTTP/1.x */
};

struct http1 {
	enum http1_state state;
	const char
	    *name; /* the header to look at; NULL: X-Forwarded-For and Forwarded. The caller's
		    */
	uint32_t header_bytes; /* of this request so far */
	uint32_t count;        /* requests whose headers have been read */
	uint64_t left;         /* bytes of the body or chunk that follow */
	uint8_t header;        /* the one at hand, if it matters */
	bool is_chunked, has_length, is_cut, is_quoted, has_line;
	uint16_t length; /* of text */
	char text[HTTP1_TEXT];
	/* Of the first request: its path, as a hash (http1_path). */
	uint64_t path;
	struct evidence_end client; /* of the newest request */
};

void http1_init(struct http1 *request, const char *name);

/* Begins in the middle of a connection. */
void http1_lose(struct http1 *request);

/*
 * Takes bytes. *is_complete: a request's headers end with the last byte used, and its evidence is
 * in client. Returns how many were used: all, unless *is_complete. at_segment: the first byte is
 * that of a segment.
 */
size_t http1_feed(struct http1 *request, const unsigned char *bytes, size_t size, bool at_segment,
		  bool *is_complete);

/* Bytes that nobody saw. */
void http1_skip(struct http1 *request, uint32_t size);

/* Whether a request has begun whose headers have not been seen to their end. */
bool http1_is_pending(const struct http1 *request);

/* A path (without its query) as request->path has it. Not 0. */
uint64_t http1_path(const char *path, size_t length);

/* One value of X-Forwarded-For or its like: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. Anything else
 * is not known. */
struct evidence_end http1_address(const char *text);

#endif
