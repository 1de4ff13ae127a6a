/*
 * An incremental parser of what a client of HTTP/2 with prior knowledge sends (RFC 9113), as an engine
 * does to a server: each stream is a request, and its headers are HPACK (RFC 7541). Memory is bounded:
 * HTTP2_MEMORY for each connection.
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

/* For the first byte behind the preface; or midway, for the first of some later segment. NULL: out of
 * memory. */
struct http2 *http2_new(void);
struct http2 *http2_new_midway(void);
/* http2 may be NULL. */
void http2_free(struct http2 *http2);

/* What the newest request said; valid when http2_feed says that one is complete. */
struct http2_request {
	uint64_t path;     /* http1_path of its :path; 0: it has none */
	bool is_uncertain; /* a part of its headers refers to what was not captured */
};

/*
 * Parses bytes, of which the first is that of a segment if at_segment. Returns the number used: all,
 * unless *is_complete, when a request's headers end with the last byte used and request and forwarded
 * are filled; both are undefined before.
 */
size_t http2_feed(struct http2 *http2, const unsigned char *bytes, size_t size, bool at_segment,
		  struct forwarded *forwarded, struct http2_request *request, bool *is_complete);

/* Bytes were not captured: unless they are a frame's that has begun, waits for a segment that starts with
 * frames. */
void http2_skip(struct http2 *http2, uint32_t size);

/* Whether it is HTTP/2: it began with the preface, or several frames have followed each other. */
bool http2_is_sure(const struct http2 *http2);

/* Whether a request's headers have begun and not ended. */
bool http2_is_pending(const struct http2 *http2);

#endif
