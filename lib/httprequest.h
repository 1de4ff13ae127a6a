/*
 * HTTP/1.x requests in the bytes of a connection (RFC 9112): what each is for, and the client that
 * the engine says it comes from, in X-Forwarded-For, Forwarded (RFC 7239) or another header.
 *
 * The last value of the last such header counts: it is what the engine itself added, and clients
 * can write all others. Bodies are passed over by their length or chunks. Memory is fixed, whatever
 * the bytes: a header of more than HTTPREQUEST_HEADER_MAX bytes is given up.
 *
 * Where bytes were lost, or what follows is no request, reading goes on with the next segment that
 * starts like one. A connection that does not begin with a request is opaque for good.
 */
#ifndef VCAP_HTTPREQUEST_H
#define VCAP_HTTPREQUEST_H

#include "evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPREQUEST_HEADER_MAX (64u << 10)
#define HTTPREQUEST_TEXT       264

enum httprequest_state {
	HTTPREQUEST_START, /* before a request */
	HTTPREQUEST_METHOD,
	HTTPREQUEST_TARGET,
	HTTPREQUEST_VERSION,
	HTTPREQUEST_NAME,
	HTTPREQUEST_VALUE,
	HTTPREQUEST_BODY,
	HTTPREQUEST_CHUNK_SIZE,
	HTTPREQUEST_CHUNK_REST, /* an extension, and the end of the line */
	HTTPREQUEST_CHUNK,
	HTTPREQUEST_CHUNK_END,
	HTTPREQUEST_TRAILER,
	HTTPREQUEST_LOST,   /* until a segment starts like a request */
	HTTPREQUEST_OPAQUE, /* this is no HTTP/1.x */
};

struct httprequest {
	enum httprequest_state state;
	const char
	    *name; /* the header to look at; NULL: X-Forwarded-For and Forwarded. The caller's
		    */
	uint32_t header_bytes; /* of this request so far */
	uint32_t count;        /* requests whose headers have been read */
	uint64_t left;         /* bytes of the body or chunk that follow */
	uint8_t header;        /* the one at hand, if it matters */
	bool is_chunked, has_length, is_cut, is_quoted, has_line;
	uint16_t length; /* of text */
	char text[HTTPREQUEST_TEXT];
	/* Of the first request: its path, as a hash (httprequest_path). */
	uint64_t path;
	struct evidence_end client; /* of the newest request */
};

void httprequest_init(struct httprequest *request, const char *name);

/* Begins in the middle of a connection. */
void httprequest_lose(struct httprequest *request);

/*
 * Takes bytes. *is_complete: a request's headers end with the last byte used, and its evidence is
 * in client. Returns how many were used: all, unless *is_complete. at_segment: the first byte is
 * that of a segment.
 */
size_t httprequest_feed(struct httprequest *request, const unsigned char *bytes, size_t size,
			bool at_segment, bool *is_complete);

/* Bytes that nobody saw. */
void httprequest_skip(struct httprequest *request, uint32_t size);

/* Whether a request has begun whose headers have not been seen to their end. */
bool httprequest_is_pending(const struct httprequest *request);

/* A path (without its query) as request->path has it. Not 0. */
uint64_t httprequest_path(const char *path, size_t length);

/* One value of X-Forwarded-For or its like: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. Anything else
 * is not known. */
struct evidence_end httprequest_address(const char *text);

#endif
