/*
 * An incremental parser of HTTP/1.x messages (RFC 9112), requests or responses: where each begins,
 * where its head ends and where it ends, and what the head says that matters for that, and for
 * telling which request of one connection is which of another.
 *
 * Memory is fixed. A head of more than HTTP_HEAD_MAX bytes, or one that is not HTTP/1, puts the
 * parser out of step.
 */
#ifndef VCAP_HTTP_MESSAGE_H
#define VCAP_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX (64u << 10)
#define HTTP_LINE     1024 /* bytes of a line that are looked at, NUL included */
#define HTTP_METHOD   24

enum http_kind { HTTP_REQUEST, HTTP_RESPONSE };

enum http_state {
	HTTP_START, /* before a message */
	HTTP_FIRST_LINE,
	HTTP_FIELDS,
	HTTP_BODY,       /* `left` bytes of it */
	HTTP_UNTIL_END,  /* a body that ends with the connection */
	HTTP_CHUNK_SIZE, /* its line */
	HTTP_CHUNK,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_ENDING, /* the message has ended, which is told by the next call */
	HTTP_LOST,   /* out of step, until a segment starts like a message */
	HTTP_OPAQUE, /* not HTTP/1.x, or no longer; final */
};

enum http_event {
	HTTP_MORE,  /* all bytes were used */
	HTTP_BEGUN, /* the last byte used is the first of a message */
	HTTP_HEAD, /* ... is the last of a head: the fields below are valid until the next message */
	HTTP_ENDED, /* the message ended with the byte before */
};

struct http_message {
	enum http_kind kind;
	enum http_state state;
	uint64_t left;
	uint32_t head_bytes;
	uint32_t count;  /* messages whose head was parsed */
	uint16_t length; /* of line */
	bool is_cut;     /* the line at hand has more than that */
	/* Of the message at hand. */
	bool has_length, is_chunked, is_coded, is_close, is_upgrade, is_h2c, wants_continue;
	bool target_is_cut;
	uint16_t status;
	uint8_t minor; /* of its version */
	char method[HTTP_METHOD];
	char target[HTTP_LINE];
	uint64_t signature; /* of those fields that a proxy hands on as they are */
	char line[HTTP_LINE];
};

/* Sets http to the beginning of a stream, of requests or of responses. */
void http_message_init(struct http_message *http, enum http_kind kind);

/*
 * Parses bytes, of which the first is that of a segment if at_segment, up to the next event. Returns
 * how many were used; call again, also with none left, until the event is HTTP_MORE. After the HEAD
 * of a response that has no body whatever its head says, call http_message_no_body first.
 */
size_t http_message_feed(struct http_message *http, const unsigned char *bytes, size_t size,
			 bool at_segment, enum http_event *event);

/* After HTTP_HEAD: the message ends with its head. */
void http_message_no_body(struct http_message *http);
/* What follows is another protocol, or nothing. */
void http_message_stop(struct http_message *http);

/* Bytes that were not captured. False: they are not all of a body, so the parser is out of step. */
bool http_message_skip(struct http_message *http, uint64_t size);

/* Whether a message has begun and not ended. */
bool http_message_is_open(const struct http_message *http);

/* A signature is the sum of the hashes of those fields that proxies hand on as they are: HTTP_MESSAGE_HASH
 * and then "name:value", the name in lower case. */
#define HTTP_MESSAGE_HASH UINT64_C(0xcbf29ce484222325)
bool http_message_signs(const char *name);
uint64_t http_message_hash(uint64_t hash, const char *text, size_t size);

/* The path of a target in origin or absolute form; *size is its length without the query. "*" and
 * an authority are their own paths. */
const char *http_message_path(const char *target, size_t *size);

#endif
