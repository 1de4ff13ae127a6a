/*
 * A state machine over bytes, since requests come in segments of any size and nothing but the text
 * at hand is kept. Text that does not fit is cut, and a header with such text is ignored. Bodies
 * are skipped by their length or chunk by chunk.
 *
 * Bytes may be lost, and a server may switch to another protocol. Then the parser is out of step
 * until a segment starts like a request. What a client sends then may look like one; so after a request for that
 * none names a client. A connection whose first bytes are not a request is opaque
 * for good, so other protocols cost nothing.
 */
#include "join/http1.h"

#include "base/parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* HEADER_CLIENT and above: one that counts, by its number (forwarded.h). */
enum header {
	HEADER_OTHER,
	HEADER_LENGTH,
	HEADER_UPGRADE,
	HEADER_AGENT,
	HEADER_ENCODING,
	HEADER_CLIENT
};

enum { METHOD_MAX = 20 };

void
http1_init(struct http1 *http, const struct forwarded_rule *rule, struct addr engine)
{
	memset(http, 0, offsetof(struct http1, text));
	http->path = 0;
	forwarded_init(&http->forwarded, rule, engine);
}

void
http1_resync(struct http1 *http)
{
	http->state = HTTP1_LOST;
	http->count++; /* what follows is not the first */
}

bool
http1_is_pending(const struct http1 *http)
{
	return http->state >= HTTP1_METHOD && http->state <= HTTP1_VALUE;
}

/* FNV-1a */
uint64_t
http1_path(const char *path, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)path[i]) * UINT64_C(0x100000001b3);
	return hash | 1;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
text_trim(struct http1 *http)
{
	char *text = http->text;
	size_t blanks = 0;

	while (http->length && is_blank(text[http->length - 1]))
		http->length--;
	while (blanks < http->length && is_blank(text[blanks]))
		blanks++;
	http->length -= (uint16_t)blanks;
	memmove(text, text + blanks, http->length);
	text[http->length] = '\0';
}

/* A value, or one of a list, is complete. */
static void
end_value(struct http1 *http)
{
	uint64_t number;

	text_trim(http);
	if (http->is_folded && http->length == 0)
		return;
	if (http->is_cut || http->is_folded || memchr(http->text, '\0', http->length))
		http->text[0] = '\0'; /* as if empty */
	if (http->header >= HEADER_CLIENT)
		forwarded_add(&http->forwarded, http->header - HEADER_CLIENT, http->text);
	switch (http->header) {
	case HEADER_LENGTH:
		if (parse_number(http->text, INT64_MAX, &number, NULL) < 0 ||
		    (http->has_length && number != http->left))
			http->may_end = true;
		else
			http->left = number;
		http->has_length = true;
		break;
	case HEADER_UPGRADE: http->may_end = true; break;
	case HEADER_AGENT: forwarded_see_agent(&http->forwarded, http->text, http->length); break;
	case HEADER_ENCODING: http->is_chunked = strcasecmp(http->text, "chunked") == 0; break;
	default: break;
	}
}

static enum header
begin_header(struct http1 *http)
{
	int which;

	if (http->is_cut)
		return HEADER_OTHER;
	if (strcasecmp(http->text, "content-length") == 0)
		return HEADER_LENGTH;
	if (strcasecmp(http->text, "transfer-encoding") == 0)
		return HEADER_ENCODING;
	if (strcasecmp(http->text, "upgrade") == 0)
		return HEADER_UPGRADE;
	if (strcasecmp(http->text, "user-agent") == 0)
		return HEADER_AGENT;
	which = forwarded_find(&http->forwarded, http->text);
	if (which < 0)
		return HEADER_OTHER;
	forwarded_see(&http->forwarded, which);
	return (enum header)(HEADER_CLIENT + which);
}

static void
text_begin(struct http1 *http)
{
	http->length = 0;
	http->is_cut = http->is_quoted = http->is_folded = false;
}

static void
text_put(struct http1 *http, unsigned char c)
{
	if (http->length + 1u < sizeof(http->text))
		http->text[http->length++] = (char)c;
	else
		http->is_cut = true;
}

/* Not a request, or a malformed one. */
static void
give_up(struct http1 *http)
{
	http->state = http->count == 0 ? HTTP1_OPAQUE : HTTP1_LOST;
}

static void
begin_request(struct http1 *http)
{
	http->state = HTTP1_METHOD;
	http->header_bytes = 0;
	http->header = HEADER_OTHER;
	http->is_chunked = http->has_length = http->has_line = http->may_end = false;
	http->left = 0;
	forwarded_begin(&http->forwarded);
	text_begin(http);
}

/* Keeps the path of the first request: origin-form, or what follows the authority. */
static void
end_target(struct http1 *http)
{
	const char *path = http->text, *authority;

	http->text[http->length] = '\0';
	authority = strstr(path, "://");
	if (path[0] != '/' && authority)
		path = authority + 3 + strcspn(authority + 3, "/?");
	if (http->count == 0 && !http->is_cut)
		http->path = http1_path(path, strcspn(path, "?"));
	http->state = HTTP1_VERSION;
	text_begin(http);
}

static void
end_version(struct http1 *http)
{
	text_trim(http);
	if (http->is_folded && http->length == 0)
		return;
	if (http->is_cut || strncmp(http->text, "HTTP/1.", 7) != 0) {
		http->path = http->count == 0 ? 0 : http->path;
		give_up(http);
		return;
	}
	http->state = HTTP1_NAME;
	text_begin(http);
}

static void
end_headers(struct http1 *http)
{
	http->count++;
	if (http->has_ended)
		forwarded_begin(&http->forwarded);
	http->has_ended |= http->may_end;
	if (http->is_chunked)
		http->state = HTTP1_CHUNK_SIZE;
	else
		http->state = http->left ? HTTP1_BODY : HTTP1_START;
	if (http->is_chunked)
		http->left = 0;
}

static void
parse_request_line(struct http1 *http, unsigned char c)
{
	switch (http->state) {
	case HTTP1_METHOD:
		if (c == ' ' && http->length > 0) {
			http->may_end = http->length == 7 && memcmp(http->text, "CONNECT", 7) == 0;
			http->state = HTTP1_TARGET;
			text_begin(http);
		} else if ((c != '-' && (c < 'A' || c > 'Z')) || http->length == METHOD_MAX) {
			give_up(http);
		} else {
			text_put(http, c);
		}
		break;
	case HTTP1_TARGET:
		if (c == ' ' && http->length > 0)
			end_target(http);
		else if (c <= ' ' || c == 0x7f)
			give_up(http);
		else
			text_put(http, c);
		break;
	default:
		if (c == '\n')
			end_version(http);
		else
			text_put(http, c);
		break;
	}
}

/* A header's name, or the empty line that ends the headers: true. */
static bool
parse_name(struct http1 *http, unsigned char c)
{
	if (c == ':') {
		http->text[http->length] = '\0';
		http->header = begin_header(http);
		http->state = HTTP1_VALUE;
		text_begin(http);
	} else if (c == '\n') {
		bool is_empty = http->length == 0;

		text_begin(http);
		if (is_empty)
			end_headers(http);
		return is_empty;
	} else if (c != '\r') {
		text_put(http, c);
	}
	return false;
}

/* A comma outside quotes ends a member of a list. */
static void
parse_value(struct http1 *http, unsigned char c)
{
	bool is_list = http->header >= HEADER_ENCODING;

	if (http->length == 0 && is_blank((char)c))
		return;
	/* A comma in front separates it from the line before. */
	if (c == ',' && is_list && http->is_folded && http->length == 0) {
		http->is_folded = false;
		return;
	}

	if (http->header >= HEADER_CLIENT &&
	    forwarded_is_rfc7239(&http->forwarded, http->header - HEADER_CLIENT) && c == '"' &&
	    !(http->is_quoted && http->length && http->text[http->length - 1] == '\\'))
		http->is_quoted = !http->is_quoted;
	if (c == ',' && is_list && !http->is_quoted) {
		end_value(http);
		text_begin(http);
	} else {
		text_put(http, c);
	}
}

static bool
parse_chunk(struct http1 *http, unsigned char c)
{
	int digit = isdigit(c) ? c - '0' : isxdigit(c) ? (tolower(c) - 'a') + 10 : -1;

	switch (http->state) {
	case HTTP1_CHUNK_SIZE:
		if (digit >= 0 && http->left >> 56 == 0) {
			http->left = http->left << 4 | (unsigned)digit;
			http->has_line = true;
			break;
		}
		if (digit >= 0 || !http->has_line) {
			give_up(http);
			break;
		}
		http->state = HTTP1_CHUNK_REST;
		/* fall through */
	case HTTP1_CHUNK_REST:
		if (c != '\n')
			break;
		http->has_line = false;
		http->state = http->left ? HTTP1_CHUNK : HTTP1_TRAILER;
		break;
	case HTTP1_CHUNK_END:
		if (c == '\n')
			http->state = HTTP1_CHUNK_SIZE;
		else if (c != '\r')
			give_up(http);
		break;
	default: /* the trailer, up to an empty line */
		if (c == '\n' && !http->has_line)
			http->state = HTTP1_START;
		if (c != '\r')
			http->has_line = c != '\n';
		break;
	}
	return false;
}

static bool
parse_byte(struct http1 *http, unsigned char c)
{
	switch (http->state) {
	case HTTP1_START:
		if (c == '\r' || c == '\n')
			return false;
		begin_request(http);
		/* fall through */
	case HTTP1_METHOD:
	case HTTP1_TARGET:
	case HTTP1_VERSION: parse_request_line(http, c); return false;
	case HTTP1_NAME:
		if (http->length > 0 || (c != ' ' && c != '\t'))
			return parse_name(http, c);
		/* obs-fold (RFC 9112, 5.2): the value goes on. */
		http->state = HTTP1_VALUE;
		http->is_folded = http->is_unended;
		return false;
	case HTTP1_VALUE:
		if (c != '\n') {
			parse_value(http, c);
			return false;
		}
		end_value(http);
		http->is_unended = http->length > 0;
		http->state = HTTP1_NAME;
		text_begin(http);
		return false;
	default: return parse_chunk(http, c);
	}
}

/* Whether a segment starts with a method. */
static bool
looks_like_request(const unsigned char *bytes, size_t size)
{
	static const char *const methods[] = {"GET ",     "POST ",    "HEAD ",  "PUT ",  "DELETE ",
					      "OPTIONS ", "CONNECT ", "TRACE ", "PATCH "};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		size_t length = strlen(methods[i]);

		if (size > length && memcmp(bytes, methods[i], length) == 0)
			return true;
	}
	return false;
}

/* Skips bytes that need not be looked at one by one: bodies, and values that do not matter. */
static size_t
skip_ahead(struct http1 *http, const unsigned char *bytes, size_t size)
{
	const unsigned char *newline;
	size_t used;

	if (http->state == HTTP1_BODY || http->state == HTTP1_CHUNK) {
		used = size < http->left ? size : (size_t)http->left;
		http->left -= used;
		if (http->left == 0)
			http->state = http->state == HTTP1_BODY ? HTTP1_START : HTTP1_CHUNK_END;
		return used;
	}
	if (http->state != HTTP1_VALUE || http->header != HEADER_OTHER)
		return 0;
	newline = memchr(bytes, '\n', size);
	used = newline ? (size_t)(newline - bytes) : size;
	http->header_bytes += (uint32_t)used;
	return used;
}

size_t
http1_feed(struct http1 *http, const unsigned char *bytes, size_t size, bool at_segment,
	   bool *is_complete)
{
	size_t used = 0;

	*is_complete = false;
	if (http->state == HTTP1_LOST && at_segment && looks_like_request(bytes, size))
		begin_request(http);
	while (used < size && !*is_complete) {
		if (http->state == HTTP1_OPAQUE || http->state == HTTP1_LOST)
			return size;
		used += skip_ahead(http, bytes + used, size - used);
		if (used == size)
			break;
		*is_complete = parse_byte(http, bytes[used++]);
		if (http1_is_pending(http) && ++http->header_bytes > HTTP1_HEADER_MAX)
			give_up(http);
	}
	return used;
}

void
http1_skip(struct http1 *http, uint32_t size)
{
	if (http->state == HTTP1_OPAQUE || size == 0)
		return;
	if ((http->state == HTTP1_BODY || http->state == HTTP1_CHUNK) && size <= http->left) {
		http->left -= size;
		if (http->left == 0)
			http->state = http->state == HTTP1_BODY ? HTTP1_START : HTTP1_CHUNK_END;
		return;
	}
	http1_resync(http);
}
