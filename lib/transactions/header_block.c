/*
 * HTTP/2 has names of its own for what stands in the first line, :authority for Host, and may have a cookie in
 * several pieces, which are one in HTTP/1 (RFC 9113, 8.2.3). A method that HTTP/1 could not have is not told.
 */
#include "transactions/header_block.h"

#include <ctype.h>
#include <string.h>

void
header_block_begin(struct header_block *block)
{
	*block = (struct header_block){.has_method = false};
}

static bool
is_method(const char *value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!isupper((unsigned char)value[i]) && value[i] != '-')
			return false;
	return size > 0 && size < HTTP_METHOD;
}

static void
take_target(struct header_block *block, const char *value, size_t size)
{
	size_t kept = strnlen(value, size < HTTP_LINE - 1 ? size : HTTP_LINE - 1);

	memcpy(block->target, value, kept);
	block->target[kept] = '\0';
	block->target_is_cut = kept < size;
}

static uint16_t
status_of(const char *value, size_t size)
{
	uint16_t status = 0;

	for (size_t i = 0; i < size; i++) {
		if (!isdigit((unsigned char)value[i]))
			return 0;
		status = (uint16_t)(status * 10 + (value[i] - '0'));
	}
	return size == 3 && status >= 100 ? status : 0;
}

/* As much of a value as the line of an HTTP/1 head would keep, behind its name, a colon and a blank. */
static size_t
kept_of(const char *name, size_t size)
{
	size_t room = HTTP_LINE - 1 - strlen(name) - 2;

	return size < room ? size : room;
}

static void
sign(struct header_block *block, const char *name, const char *value, size_t size)
{
	uint64_t hash = http_message_hash(HTTP_MESSAGE_HASH, name, strlen(name));

	hash = http_message_hash(hash, ":", 1);
	block->sum += http_message_hash(hash, value, kept_of(name, size));
}

static void
take_cookie(struct header_block *block, const char *value, size_t size)
{
	if (block->cookie)
		block->cookie = http_message_hash(block->cookie, "; ", 2);
	else
		block->cookie = http_message_hash(HTTP_MESSAGE_HASH, "cookie:", 7);
	block->cookie = http_message_hash(block->cookie, value, kept_of("cookie", size));
}

void
header_block_take(struct header_block *block, const char *name, const char *value, size_t size)
{
	if (strcmp(name, ":method") == 0) {
		block->has_method = true;
		if (is_method(value, size))
			memcpy(block->method, value, size + 1);
	} else if (strcmp(name, ":path") == 0) {
		take_target(block, value, size);
	} else if (strcmp(name, ":status") == 0) {
		block->status = status_of(value, size);
	} else if (strcmp(name, ":authority") == 0 || strcmp(name, "host") == 0) {
		if (!block->has_host)
			sign(block, "host", value, size);
		block->has_host = true;
		if (!block->target[0] && name[0] == ':' && strcmp(block->method, "CONNECT") == 0)
			take_target(block, value, size);
	} else if (strcmp(name, "cookie") == 0) {
		take_cookie(block, value, size);
	} else if (http_message_signs(name)) {
		sign(block, name, value, size);
	}
}

uint64_t
header_block_signature(const struct header_block *block)
{
	return block->sum + block->cookie;
}
