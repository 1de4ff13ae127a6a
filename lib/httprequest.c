#include "httprequest.h"

#include "parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum header { HEADER_OTHER, HEADER_ADDRESS, HEADER_FORWARDED, HEADER_LENGTH, HEADER_ENCODING };

enum { METHOD_MAX = 20 };

void
httprequest_init(struct httprequest *request, const char *name)
{
	memset(request, 0, offsetof(struct httprequest, text));
	request->path = 0;
	request->client = (struct evidence_end){0};
	request->name = name;
}

void
httprequest_lose(struct httprequest *request)
{
	request->state = HTTPREQUEST_LOST;
	request->count++; /* what follows is not the first */
}

bool
httprequest_is_pending(const struct httprequest *request)
{
	return request->state >= HTTPREQUEST_METHOD && request->state <= HTTPREQUEST_VALUE;
}

/* FNV-1a */
uint64_t
httprequest_path(const char *path, size_t length)
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
httprequest_address(const char *text)
{
	struct evidence_end end = {0};
	char copy[HTTPREQUEST_TEXT], *address = copy, *port = NULL;

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
	char value[HTTPREQUEST_TEXT];
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
			return httprequest_address(value);
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
trim(struct httprequest *request)
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
end_header(struct httprequest *request)
{
	uint64_t number;

	trim(request);
	if (request->is_cut || memchr(request->text, '\0', request->length))
		request->text[0] = '\0'; /* says nothing */
	switch (request->header) {
	case HEADER_ADDRESS: request->client = httprequest_address(request->text); break;
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
header_named(const struct httprequest *request)
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
begin_text(struct httprequest *request)
{
	request->length = 0;
	request->is_cut = request->is_quoted = false;
}

static void
put(struct httprequest *request, unsigned char c)
{
	if (request->length + 1u < sizeof(request->text))
		request->text[request->length++] = (char)c;
	else
		request->is_cut = true;
}

/* No request, or one that makes no sense. */
static void
give_up(struct httprequest *request)
{
	request->state = request->count == 0 ? HTTPREQUEST_OPAQUE : HTTPREQUEST_LOST;
}

static void
begin_request(struct httprequest *request)
{
	request->state = HTTPREQUEST_METHOD;
	request->header_bytes = 0;
	request->header = HEADER_OTHER;
	request->is_chunked = request->has_length = request->has_line = false;
	request->left = 0;
	request->client = (struct evidence_end){0};
	begin_text(request);
}

/* Keeps the path of the first request: origin-form, or what follows the authority. */
static void
end_target(struct httprequest *request)
{
	const char *path = request->text, *authority;

	request->text[request->length] = '\0';
	authority = strstr(path, "://");
	if (path[0] != '/' && authority)
		path = authority + 3 + strcspn(authority + 3, "/?");
	if (request->count == 0 && !request->is_cut)
		request->path = httprequest_path(path, strcspn(path, "?"));
	request->state = HTTPREQUEST_VERSION;
	begin_text(request);
}

static void
end_version(struct httprequest *request)
{
	trim(request);
	if (request->is_cut || strncmp(request->text, "HTTP/1.", 7) != 0) {
		request->path = request->count == 0 ? 0 : request->path;
		give_up(request);
		return;
	}
	request->state = HTTPREQUEST_NAME;
	begin_text(request);
}

static void
end_headers(struct httprequest *request)
{
	request->count++;
	if (request->is_chunked)
		request->state = HTTPREQUEST_CHUNK_SIZE;
	else
		request->state = request->left ? HTTPREQUEST_BODY : HTTPREQUEST_START;
	if (request->is_chunked)
		request->left = 0;
}

static void
take_line_byte(struct httprequest *request, unsigned char c)
{
	switch (request->state) {
	case HTTPREQUEST_METHOD:
		if (c == ' ' && request->length > 0) {
			request->state = HTTPREQUEST_TARGET;
			begin_text(request);
		} else if (c < 'A' || c > 'Z' || request->length == METHOD_MAX) {
			give_up(request);
		} else {
			put(request, c);
		}
		break;
	case HTTPREQUEST_TARGET:
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
take_name_byte(struct httprequest *request, unsigned char c)
{
	if (c == ':') {
		request->text[request->length] = '\0';
		request->header = header_named(request);
		request->state = HTTPREQUEST_VALUE;
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
take_value_byte(struct httprequest *request, unsigned char c)
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
take_chunk_byte(struct httprequest *request, unsigned char c)
{
	int digit = isdigit(c) ? c - '0' : isxdigit(c) ? (tolower(c) - 'a') + 10 : -1;

	switch (request->state) {
	case HTTPREQUEST_CHUNK_SIZE:
		if (digit >= 0 && request->left >> 56 == 0) {
			request->left = request->left << 4 | (unsigned)digit;
			request->has_line = true;
			break;
		}
		if (digit >= 0 || !request->has_line) {
			give_up(request);
			break;
		}
		request->state = HTTPREQUEST_CHUNK_REST;
		/* fall through */
	case HTTPREQUEST_CHUNK_REST:
		if (c != '\n')
			break;
		request->has_line = false;
		request->state = request->left ? HTTPREQUEST_CHUNK : HTTPREQUEST_TRAILER;
		break;
	case HTTPREQUEST_CHUNK_END:
		if (c == '\n')
			request->state = HTTPREQUEST_CHUNK_SIZE;
		else if (c != '\r')
			give_up(request);
		break;
	default: /* the trailer, up to an empty line */
		if (c == '\n' && !request->has_line)
			request->state = HTTPREQUEST_START;
		if (c != '\r')
			request->has_line = c != '\n';
		break;
	}
	return false;
}

static bool
take_byte(struct httprequest *request, unsigned char c)
{
	switch (request->state) {
	case HTTPREQUEST_START:
		if (c == '\r' || c == '\n')
			return false;
		begin_request(request);
		/* fall through */
	case HTTPREQUEST_METHOD:
	case HTTPREQUEST_TARGET:
	case HTTPREQUEST_VERSION: take_line_byte(request, c); return false;
	case HTTPREQUEST_NAME:
		if (request->length == 0 && (c == ' ' || c == '\t'))
			request->state = HTTPREQUEST_VALUE; /* of no header that matters */
		else
			return take_name_byte(request, c);
		return false;
	case HTTPREQUEST_VALUE:
		if (c != '\n') {
			take_value_byte(request, c);
			return false;
		}
		end_header(request);
		request->state = HTTPREQUEST_NAME;
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
pass_over(struct httprequest *request, const unsigned char *bytes, size_t size)
{
	const unsigned char *newline;
	size_t used;

	if (request->state == HTTPREQUEST_BODY || request->state == HTTPREQUEST_CHUNK) {
		used = size < request->left ? size : (size_t)request->left;
		request->left -= used;
		if (request->left == 0)
			request->state = request->state == HTTPREQUEST_BODY ? HTTPREQUEST_START
									    : HTTPREQUEST_CHUNK_END;
		return used;
	}
	if (request->state != HTTPREQUEST_VALUE || request->header != HEADER_OTHER)
		return 0;
	newline = memchr(bytes, '\n', size);
	used = newline ? (size_t)(newline - bytes) : size;
	request->header_bytes += (uint32_t)used;
	return used;
}

size_t
httprequest_feed(struct httprequest *request, const unsigned char *bytes, size_t size,
		 bool at_segment, bool *is_complete)
{
	size_t used = 0;

	*is_complete = false;
	if (request->state == HTTPREQUEST_LOST && at_segment && looks_like_request(bytes, size))
		begin_request(request);
	while (used < size && !*is_complete) {
		if (request->state == HTTPREQUEST_OPAQUE || request->state == HTTPREQUEST_LOST)
			return size;
		used += pass_over(request, bytes + used, size - used);
		if (used == size)
			break;
		*is_complete = take_byte(request, bytes[used++]);
		if (httprequest_is_pending(request) &&
		    ++request->header_bytes > HTTPREQUEST_HEADER_MAX)
			give_up(request);
	}
	return used;
}

void
httprequest_skip(struct httprequest *request, uint32_t size)
{
	if (request->state == HTTPREQUEST_OPAQUE || size == 0)
		return;
	if ((request->state == HTTPREQUEST_BODY || request->state == HTTPREQUEST_CHUNK) &&
	    size <= request->left) {
		request->left -= size;
		if (request->left == 0)
			request->state = request->state == HTTPREQUEST_BODY ? HTTPREQUEST_START
									    : HTTPREQUEST_CHUNK_END;
		return;
	}
	httprequest_lose(request);
}
