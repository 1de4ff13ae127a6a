#include "join/http1.h"

#include "base/parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum header { HEADER_OTHER, HEADER_ADDRESS, HEADER_FORWARDED, HEADER_LENGTH, HEADER_ENCODING };

enum { METHOD_MAX = 20 };

void
http1_init(struct http1 *request, const char *name)
{
	memset(request, 0, offsetof(struct http1, text));
	request->path = 0;
	request->client = (struct evidence_end){0};
	request->name = name;
}

void
http1_lose(struct http1 *request)
{
	request->state = HTTP1_LOST;
	request->count++; /* what follows is not the first */
}

bool
http1_is_pending(const struct http1 *request)
{
	return request->state >= HTTP1_METHOD && request->state <= HTTP1_VALUE;
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
take_port(struct evidence_end *end, const char *text)
{
	uint64_t port;

	if (parse_number(text, UINT16_MAX, &port, NULL) < 0)
		return text[0] == '_'; /* an obfuscated port, RFC 7239, 6.3 */
	end->port = (uint16_t)port;
	end->has_port = true;
	return true;
}

struct evidence_end
http1_address(const char *text)
{
	struct evidence_end end = {0};
	char copy[HTTP1_TEXT], *address = copy, *port = NULL;

	if (strlen(text) >= sizeof(copy))
		return end;
	strcpy(copy, text);
	if (copy[0] == '[') {
		char *close = strchr(++address, ']');

		if (!close || (close[1] && close[1] != ':'))
			return end;
		port = close[1] ? close + 2 : NULL;
		*close = '\0';
	} else if (strchr(copy, ':') == strrchr(copy, ':') && (port = strchr(copy, ':'))) {
		*port++ = '\0';
	}
	if (addr_parse(&end.addr, address, NULL) < 0 || (port && !take_port(&end, port)))
		return (struct evidence_end){0};
	end.addr = evidence_addr(end.addr);
	end.is_known = true;
	return end;
}

/* The value of for= in one element of Forwarded: token or quoted string. */
static struct evidence_end
forwarded_for(const char *element)
{
	char value[HTTP1_TEXT];
	size_t length = 0;

	while (*element) {
		element += strspn(element, " \t;");
		if (strncasecmp(element, "for=", 4) == 0) {
			bool quoted = element[4] == '"';

			for (element += 4 + quoted; *element; element++) {
				if (quoted ? *element == '"' : strchr("; \t", *element) != NULL)
					break;
				if (quoted && *element == '\\' && element[1])
					element++;
				value[length++] = *element;
			}
			value[length] = '\0';
			return http1_address(value);
		}
		while (*element && *element != ';') {
			if (*element++ != '"')
				continue;
			while (*element && *element != '"')
				element += *element == '\\' && element[1] ? 2 : 1;
			element += *element == '"';
		}
	}
	return (struct evidence_end){0};
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
trim(struct http1 *request)
{
	char *text = request->text;
	size_t blanks = 0;

	while (request->length && is_blank(text[request->length - 1]))
		request->length--;
	while (blanks < request->length && is_blank(text[blanks]))
		blanks++;
	request->length -= (uint16_t)blanks;
	memmove(text, text + blanks, request->length);
	text[request->length] = '\0';
}

static void
end_header(struct http1 *request)
{
	uint64_t number;

	trim(request);
	if (request->is_cut || memchr(request->text, '\0', request->length))
		request->text[0] = '\0'; /* says nothing */
	switch (request->header) {
	case HEADER_ADDRESS: request->client = http1_address(request->text); break;
	case HEADER_FORWARDED: request->client = forwarded_for(request->text); break;
	case HEADER_LENGTH:
		request->has_length = parse_number(request->text, INT64_MAX, &number, NULL) == 0;
		request->left = request->has_length ? number : 0;
		break;
	case HEADER_ENCODING:
		request->is_chunked = strcasecmp(request->text, "chunked") == 0;
		break;
	default: break;
	}
	request->header = HEADER_OTHER;
}

static enum header
header_named(const struct http1 *request)
{
	if (request->is_cut)
		return HEADER_OTHER;
	if (strcasecmp(request->text, "content-length") == 0)
		return HEADER_LENGTH;
	if (strcasecmp(request->text, "transfer-encoding") == 0)
		return HEADER_ENCODING;
	if (request->name)
		return strcasecmp(request->text, request->name) == 0
			   ? (strcasecmp(request->name, "forwarded") == 0 ? HEADER_FORWARDED
									  : HEADER_ADDRESS)
			   : HEADER_OTHER;
	if (strcasecmp(request->text, "x-forwarded-for") == 0)
		return HEADER_ADDRESS;
	if (strcasecmp(request->text, "forwarded") == 0)
		return HEADER_FORWARDED;
	return HEADER_OTHER;
}

static void
begin_text(struct http1 *request)
{
	request->length = 0;
	request->is_cut = request->is_quoted = false;
}

static void
put(struct http1 *request, unsigned char c)
{
	if (request->length + 1u < sizeof(request->text))
		request->text[request->length++] = (char)c;
	else
		request->is_cut = true;
}

/* No request, or one that makes no sense. */
static void
give_up(struct http1 *request)
{
	request->state = request->count == 0 ? HTTP1_OPAQUE : HTTP1_LOST;
}

static void
begin_request(struct http1 *request)
{
	request->state = HTTP1_METHOD;
	request->header_bytes = 0;
	request->header = HEADER_OTHER;
	request->is_chunked = request->has_length = request->has_line = false;
	request->left = 0;
	request->client = (struct evidence_end){0};
	begin_text(request);
}

/* Keeps the path of the first request: origin-form, or what follows the authority. */
static void
end_target(struct http1 *request)
{
	const char *path = request->text, *authority;

	request->text[request->length] = '\0';
	authority = strstr(path, "://");
	if (path[0] != '/' && authority)
		path = authority + 3 + strcspn(authority + 3, "/?");
	if (request->count == 0 && !request->is_cut)
		request->path = http1_path(path, strcspn(path, "?"));
	request->state = HTTP1_VERSION;
	begin_text(request);
}

static void
end_version(struct http1 *request)
{
	trim(request);
	if (request->is_cut || strncmp(request->text, "HTTP/1.", 7) != 0) {
		request->path = request->count == 0 ? 0 : request->path;
		give_up(request);
		return;
	}
	request->state = HTTP1_NAME;
	begin_text(request);
}

static void
end_headers(struct http1 *request)
{
	request->count++;
	if (request->is_chunked)
		request->state = HTTP1_CHUNK_SIZE;
	else
		request->state = request->left ? HTTP1_BODY : HTTP1_START;
	if (request->is_chunked)
		request->left = 0;
}

static void
take_line_byte(struct http1 *request, unsigned char c)
{
	switch (request->state) {
	case HTTP1_METHOD:
		if (c == ' ' && request->length > 0) {
			request->state = HTTP1_TARGET;
			begin_text(request);
		} else if (c < 'A' || c > 'Z' || request->length == METHOD_MAX) {
			give_up(request);
		} else {
			put(request, c);
		}
		break;
	case HTTP1_TARGET:
		if (c == ' ' && request->length > 0)
			end_target(request);
		else if (c <= ' ' || c == 0x7f)
			give_up(request);
		else
			put(request, c);
		break;
	default:
		if (c == '\n')
			end_version(request);
		else
			put(request, c);
		break;
	}
}

/* The name of a header, the end of the headers, or the rest of the value before (obs-fold). */
static bool
take_name_byte(struct http1 *request, unsigned char c)
{
	if (c == ':') {
		request->text[request->length] = '\0';
		request->header = header_named(request);
		request->state = HTTP1_VALUE;
		begin_text(request);
	} else if (c == '\n') {
		bool is_empty = request->length == 0;

		begin_text(request);
		if (is_empty)
			end_headers(request);
		return is_empty;
	} else if (c != '\r') {
		put(request, c);
	}
	return false;
}

/* A list ends at each comma outside quotes: its last member is what is left. */
static void
take_value_byte(struct http1 *request, unsigned char c)
{
	bool is_list = request->header == HEADER_ADDRESS || request->header == HEADER_FORWARDED ||
		       request->header == HEADER_ENCODING;

	if (request->header == HEADER_FORWARDED && c == '"' &&
	    !(request->is_quoted && request->length && request->text[request->length - 1] == '\\'))
		request->is_quoted = !request->is_quoted;
	if (c == ',' && is_list && !request->is_quoted)
		begin_text(request);
	else
		put(request, c);
}

static bool
take_chunk_byte(struct http1 *request, unsigned char c)
{
	int digit = isdigit(c) ? c - '0' : isxdigit(c) ? (tolower(c) - 'a') + 10 : -1;

	switch (request->state) {
	case HTTP1_CHUNK_SIZE:
		if (digit >= 0 && request->left >> 56 == 0) {
			request->left = request->left << 4 | (unsigned)digit;
			request->has_line = true;
			break;
		}
		if (digit >= 0 || !request->has_line) {
			give_up(request);
			break;
		}
		request->state = HTTP1_CHUNK_REST;
		/* fall through */
	case HTTP1_CHUNK_REST:
		if (c != '\n')
			break;
		request->has_line = false;
		request->state = request->left ? HTTP1_CHUNK : HTTP1_TRAILER;
		break;
	case HTTP1_CHUNK_END:
		if (c == '\n')
			request->state = HTTP1_CHUNK_SIZE;
		else if (c != '\r')
			give_up(request);
		break;
	default: /* the trailer, up to an empty line */
		if (c == '\n' && !request->has_line)
			request->state = HTTP1_START;
		if (c != '\r')
			request->has_line = c != '\n';
		break;
	}
	return false;
}

static bool
take_byte(struct http1 *request, unsigned char c)
{
	switch (request->state) {
	case HTTP1_START:
		if (c == '\r' || c == '\n')
			return false;
		begin_request(request);
		/* fall through */
	case HTTP1_METHOD:
	case HTTP1_TARGET:
	case HTTP1_VERSION: take_line_byte(request, c); return false;
	case HTTP1_NAME:
		if (request->length == 0 && (c == ' ' || c == '\t'))
			request->state = HTTP1_VALUE; /* of no header that matters */
		else
			return take_name_byte(request, c);
		return false;
	case HTTP1_VALUE:
		if (c != '\n') {
			take_value_byte(request, c);
			return false;
		}
		end_header(request);
		request->state = HTTP1_NAME;
		begin_text(request);
		return false;
	default: return take_chunk_byte(request, c);
	}
}

/* Whether a segment starts as requests do. */
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

/* Bytes that need no look at each. */
static size_t
pass_over(struct http1 *request, const unsigned char *bytes, size_t size)
{
	const unsigned char *newline;
	size_t used;

	if (request->state == HTTP1_BODY || request->state == HTTP1_CHUNK) {
		used = size < request->left ? size : (size_t)request->left;
		request->left -= used;
		if (request->left == 0)
			request->state =
			    request->state == HTTP1_BODY ? HTTP1_START : HTTP1_CHUNK_END;
		return used;
	}
	if (request->state != HTTP1_VALUE || request->header != HEADER_OTHER)
		return 0;
	newline = memchr(bytes, '\n', size);
	used = newline ? (size_t)(newline - bytes) : size;
	request->header_bytes += (uint32_t)used;
	return used;
}

size_t
http1_feed(struct http1 *request, const unsigned char *bytes, size_t size, bool at_segment,
	   bool *is_complete)
{
	size_t used = 0;

	*is_complete = false;
	if (request->state == HTTP1_LOST && at_segment && looks_like_request(bytes, size))
		begin_request(request);
	while (used < size && !*is_complete) {
		if (request->state == HTTP1_OPAQUE || request->state == HTTP1_LOST)
			return size;
		used += pass_over(request, bytes + used, size - used);
		if (used == size)
			break;
		*is_complete = take_byte(request, bytes[used++]);
		if (http1_is_pending(request) && ++request->header_bytes > HTTP1_HEADER_MAX)
			give_up(request);
	}
	return used;
}

void
http1_skip(struct http1 *request, uint32_t size)
{
	if (request->state == HTTP1_OPAQUE || size == 0)
		return;
	if ((request->state == HTTP1_BODY || request->state == HTTP1_CHUNK) &&
	    size <= request->left) {
		request->left -= size;
		if (request->left == 0)
			request->state =
			    request->state == HTTP1_BODY ? HTTP1_START : HTTP1_CHUNK_END;
		return;
	}
	http1_lose(request);
}
