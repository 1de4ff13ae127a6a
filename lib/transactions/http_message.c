/*
 * A state machine over lines and counted bytes. Only lines of heads and of chunk sizes are looked at;
 * bodies are counted, so bytes of theirs that were cut or lost cost nothing. What decides where a
 * body ends is RFC 9112, 6.3: a response to HEAD, 1xx, 204 and 304 has none, then chunks, then the
 * length, then for a response the end of the connection.
 *
 * A connection whose first bytes are no message is opaque for good: another protocol. Lost bytes of
 * a head put the parser out of step, until a segment starts like a message.
 */
#include "transactions/http_message.h"

#include "base/parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void
http_message_init(struct http_message *http, enum http_kind kind)
{
	*http = (struct http_message){.kind = kind};
}

void
http_message_stop(struct http_message *http)
{
	http->state = HTTP_OPAQUE;
}

bool
http_message_is_open(const struct http_message *http)
{
	return http->state > HTTP_START && http->state < HTTP_ENDING;
}

const char *
http_message_path(const char *target, size_t *size)
{
	const char *authority = target[0] == '/' ? NULL : strstr(target, "://");

	if (authority) {
		target = authority + 3 + strcspn(authority + 3, "/?");
		if (*target != '/')
			target = "/";
	}
	*size = strcspn(target, "?");
	return target;
}

uint64_t
http_message_hash(uint64_t hash, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return hash;
}

/* Whether the list of tokens has this one, in either case. */
static bool
has_token(const char *list, const char *token)
{
	size_t length = strlen(token);

	while (*list) {
		size_t size;

		list += strspn(list, " \t,");
		size = strcspn(list, ",; \t");
		if (size == length && strncasecmp(list, token, length) == 0)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool
http_message_signs(const char *name)
{
	static const char *const names[] = {
	    "authorization", "content-length", "content-type",    "cookie",      "host",
	    "if-none-match", "range",          "referer",         "traceparent", "user-agent",
	    "x-request-id",  "accept",         "x-correlation-id"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static void
take_field(struct http_message *http)
{
	char *line = http->line, *colon = strchr(line, ':'), *value;
	size_t size;
	uint64_t number;

	if (!colon)
		return;
	value = colon + 1 + strspn(colon + 1, " \t");
	size = strlen(value);
	while (size && (value[size - 1] == ' ' || value[size - 1] == '\t'))
		value[--size] = '\0';
	*colon = '\0';
	if (strcasecmp(line, "content-length") == 0 && !http->is_cut &&
	    parse_number(value, INT64_MAX, &number, NULL) == 0) {
		http->has_length = true;
		http->left = number;
	} else if (strcasecmp(line, "transfer-encoding") == 0) {
		http->is_coded = true;
		http->is_chunked = has_token(value, "chunked");
	} else if (strcasecmp(line, "connection") == 0) {
		http->is_close |= has_token(value, "close");
		http->is_upgrade |= has_token(value, "upgrade");
	} else if (strcasecmp(line, "upgrade") == 0) {
		http->is_h2c |= has_token(value, "h2c");
	} else if (strcasecmp(line, "expect") == 0) {
		http->wants_continue = has_token(value, "100-continue");
	}
	if (http_message_signs(line)) {
		for (char *p = line; p < colon; p++)
			*p = (char)tolower((unsigned char)*p);
		*colon = ':';
		http->signature += http_message_hash(
		    http_message_hash(HTTP_MESSAGE_HASH, line, (size_t)(colon + 1 - line)), value,
		    size);
	}
}

/* Not a message: another protocol if it is the first. */
static void
give_up(struct http_message *http)
{
	http->state = http->count == 0 ? HTTP_OPAQUE : HTTP_LOST;
}

static bool
take_version(struct http_message *http, const char *word)
{
	if (strncmp(word, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)word[7]))
		return false;
	http->minor = (uint8_t)(word[7] - '0');
	return true;
}

static bool
take_request_line(struct http_message *http)
{
	char *target = strchr(http->line, ' '), *version;
	size_t size;

	if (!target || target == http->line || target - http->line >= HTTP_METHOD)
		return false;
	*target++ = '\0';
	for (const char *p = http->line; *p; p++)
		if (!isupper((unsigned char)*p) && *p != '-')
			return false;
	strcpy(http->method, http->line);
	version = strchr(target, ' ');
	if (http->is_cut && !version) {
		http->minor = 1; /* it is behind what was kept */
		http->target_is_cut = true;
	} else if (!version || !take_version(http, version + 1)) {
		return false;
	}
	size = version ? (size_t)(version - target) : strlen(target);
	if (size == 0)
		return false;
	memcpy(http->target, target, size);
	http->target[size] = '\0';
	return true;
}

static bool
take_status_line(struct http_message *http)
{
	const char *code = http->line + 8;

	if (!take_version(http, http->line) || *code != ' ')
		return false;
	code += strspn(code, " ");
	for (int i = 0; i < 3; i++)
		if (!isdigit((unsigned char)code[i]))
			return false;
	http->status = (uint16_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
	return http->status >= 100;
}

static void
begin_message(struct http_message *http)
{
	http->state = HTTP_FIRST_LINE;
	http->head_bytes = 0;
	http->left = 0;
	http->length = 0;
	http->is_cut = http->target_is_cut = false;
	http->has_length = http->is_chunked = http->is_coded = false;
	http->is_close = http->is_upgrade = http->is_h2c = http->wants_continue = false;
	http->status = 0;
	http->signature = 0;
	http->method[0] = http->target[0] = '\0';
}

static void
end_head(struct http_message *http)
{
	http->count++;
	if (http->is_chunked) {
		http->left = 0;
		http->state = HTTP_CHUNK_SIZE;
	} else if (http->has_length && !http->is_coded) {
		http->state = http->left ? HTTP_BODY : HTTP_ENDING;
	} else {
		http->state = http->kind == HTTP_RESPONSE ? HTTP_UNTIL_END : HTTP_ENDING;
	}
}

void
http_message_no_body(struct http_message *http)
{
	http->left = 0;
	http->state = HTTP_ENDING;
}

static void
take_chunk_size(struct http_message *http)
{
	const char *p = http->line;
	uint64_t size = 0;

	if (!isxdigit((unsigned char)*p)) {
		http->state = HTTP_LOST;
		return;
	}
	for (; isxdigit((unsigned char)*p) && size >> 56 == 0; p++)
		size = size << 4 | (uint64_t)(isdigit((unsigned char)*p)
						  ? *p - '0'
						  : tolower((unsigned char)*p) - 'a' + 10);
	http->left = size;
	http->state = size ? HTTP_CHUNK : HTTP_TRAILER;
}

/* A line is complete. Whether a head has ended with it. */
static bool
end_line(struct http_message *http)
{
	bool is_empty, is_head_end = false;

	if (http->length && http->line[http->length - 1] == '\r')
		http->length--;
	http->line[http->length] = '\0';
	is_empty = http->length == 0 && !http->is_cut;
	switch (http->state) {
	case HTTP_FIRST_LINE:
		if (strlen(http->line) == http->length &&
		    (http->kind == HTTP_REQUEST ? take_request_line(http) : take_status_line(http)))
			http->state = HTTP_FIELDS;
		else
			give_up(http);
		break;
	case HTTP_FIELDS:
		if (is_empty)
			end_head(http);
		else
			take_field(http);
		is_head_end = is_empty;
		break;
	case HTTP_CHUNK_SIZE: take_chunk_size(http); break;
	case HTTP_CHUNK_END: http->state = is_empty ? HTTP_CHUNK_SIZE : HTTP_LOST; break;
	case HTTP_TRAILER: http->state = is_empty ? HTTP_ENDING : HTTP_TRAILER; break;
	default: break;
	}
	http->length = 0;
	http->is_cut = false;
	return is_head_end;
}

/* Whether these bytes can begin a message. */
static bool
looks_like_message(const struct http_message *http, const unsigned char *bytes, size_t size)
{
	size_t i = 0;

	if (http->kind == HTTP_RESPONSE)
		return size >= 9 && memcmp(bytes, "HTTP/1.", 7) == 0 && bytes[8] == ' ';
	while (i < size && i < HTTP_METHOD && isupper(bytes[i]))
		i++;
	return i >= 3 && i + 1 < size && bytes[i] == ' ' &&
	       (bytes[i + 1] == '/' || bytes[i + 1] == '*' || isalnum(bytes[i + 1]));
}

/* Whether nothing has shown yet that the connection has requests. */
static bool
is_unproven(const struct http_message *http)
{
	return http->kind == HTTP_REQUEST && http->count == 0;
}

/* Whether these bytes can be in the first line of a request: other protocols have control characters. */
static bool
is_text(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (iscntrl(bytes[i]) && bytes[i] != '\r' && bytes[i] != '\n' && bytes[i] != '\t')
			return false;
	return true;
}

/* Takes bytes of a line; how many. */
static size_t
take_line(struct http_message *http, const unsigned char *bytes, size_t size, bool *is_head_end)
{
	const unsigned char *newline = memchr(bytes, '\n', size);
	size_t used = newline ? (size_t)(newline - bytes) : size;
	size_t room = HTTP_LINE - 1u - http->length, kept = used < room ? used : room;

	*is_head_end = false;
	if (http->state == HTTP_FIRST_LINE && is_unproven(http) && !is_text(bytes, used)) {
		give_up(http);
		return used;
	}
	memcpy(http->line + http->length, bytes, kept);
	http->length += (uint16_t)kept;
	http->is_cut |= kept < used;
	used += newline != NULL;
	http->head_bytes += (uint32_t)used;
	*is_head_end = newline && end_line(http);
	if (http->state < HTTP_BODY && http->head_bytes > HTTP_HEAD_MAX)
		give_up(http);
	return used;
}

static size_t
take_counted(struct http_message *http, size_t size)
{
	size_t used = size < http->left ? size : (size_t)http->left;

	http->left -= used;
	if (http->left == 0)
		http->state = http->state == HTTP_BODY ? HTTP_ENDING : HTTP_CHUNK_END;
	return used;
}

size_t
http_message_feed(struct http_message *http, const unsigned char *bytes, size_t size,
		  bool at_segment, enum http_event *event)
{
	size_t used = 0;
	bool is_head_end = false;

	*event = HTTP_MORE;
	if (http->state == HTTP_LOST && at_segment && looks_like_message(http, bytes, size))
		http->state = HTTP_START;
	while (used < size || http->state == HTTP_ENDING) {
		switch (http->state) {
		case HTTP_ENDING:
			http->state = HTTP_START;
			*event = HTTP_ENDED;
			return used;
		case HTTP_START:
			if (bytes[used] == '\r' || bytes[used] == '\n') {
				used++;
				break;
			}
			if (is_unproven(http) && !isupper(bytes[used])) {
				give_up(http);
				break;
			}
			begin_message(http);
			http->line[http->length++] = (char)bytes[used];
			http->head_bytes = 1;
			*event = HTTP_BEGUN;
			return used + 1;
		case HTTP_BODY:
		case HTTP_CHUNK: used += take_counted(http, size - used); break;
		case HTTP_UNTIL_END:
		case HTTP_LOST:
		case HTTP_OPAQUE: return size;
		default: used += take_line(http, bytes + used, size - used, &is_head_end); break;
		}
		if (is_head_end) {
			*event = HTTP_HEAD;
			return used;
		}
	}
	return used;
}

bool
http_message_skip(struct http_message *http, uint64_t size)
{
	if (http->state == HTTP_UNTIL_END || http->state == HTTP_OPAQUE)
		return true;
	if ((http->state == HTTP_BODY || http->state == HTTP_CHUNK) && size <= http->left) {
		http->left -= size;
		if (http->left == 0)
			http->state = http->state == HTTP_BODY ? HTTP_ENDING : HTTP_CHUNK_END;
		return true;
	}
	http->state = HTTP_LOST;
	http->count++; /* what follows is not the first message */
	return false;
}
