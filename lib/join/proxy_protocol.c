/*
 * A header is collected byte by byte and looked at after each one: so it may arrive in any pieces,
 * and no byte behind it is ever taken. Of version 2 only the addresses are
 * kept; what follows them (TLVs) is counted off in skip. Version 1 is a line, and one that does not
 * end within PROXY_PROTOCOL_BYTES is no header.
 */
#include "join/proxy_protocol.h"

#include "base/parse.h"
#include "packet/ipproto.h"

#include <string.h>

enum { V2_HEAD = 16, V2_INET = 12, V2_INET6 = 36 };

static const unsigned char v1_start[] = {'P', 'R', 'O', 'X', 'Y', ' '};
static const unsigned char v2_start[] = {'\r', '\n', '\r', '\n', 0,   '\r',
					 '\n', 'Q',  'U',  'I',  'T', '\n'};

static bool
starts(const struct proxy_protocol *header, const unsigned char *with, size_t size)
{
	return memcmp(header->bytes, with, header->length < size ? header->length : size) == 0;
}

static uint16_t
load16(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static struct evidence_end
end_at(const unsigned char *address, unsigned size, const unsigned char *port)
{
	struct evidence_end end = {.is_known = true, .has_port = true, .port = load16(port)};

	end.addr.family = size == 4 ? 4 : 6;
	for (unsigned i = 0; i < size; i++)
		end.addr.value = end.addr.value << 8 | address[i];
	end.addr = evidence_addr(end.addr);
	return end;
}

/* The bytes of a version 2 header that are read: up to the addresses, of families that have any. */
static unsigned
v2_need(const unsigned char *bytes)
{
	unsigned size = bytes[13] >> 4 == 1 ? V2_INET : bytes[13] >> 4 == 2 ? V2_INET6 : 0;
	unsigned length = load16(bytes + 14);

	return V2_HEAD + (size < length ? size : length);
}

static enum proxy_protocol_state
read_v2(struct proxy_protocol *header, struct evidence *evidence)
{
	const unsigned char *bytes = header->bytes, *at = bytes + V2_HEAD;
	unsigned length = load16(bytes + 14), family = bytes[13] >> 4;
	unsigned size = family == 1 ? 4 : 16;

	header->skip = length - (header->length - V2_HEAD);
	if (bytes[12] >> 4 != 2 || (bytes[12] & 0xf) > 1)
		return PROXY_PROTOCOL_BAD;
	evidence->is_local = (bytes[12] & 0xf) == 0;
	/* UNSPEC and UNIX name no client; the addresses of LOCAL have to be ignored. */
	if (evidence->is_local || (family != 1 && family != 2))
		return PROXY_PROTOCOL_FOUND;
	if (length < 2 * size + 4)
		return PROXY_PROTOCOL_BAD;
	evidence->client = end_at(at, size, at + 2 * size);
	evidence->vip = end_at(at + size, size, at + 2 * size + 2);
	if ((bytes[13] & 0xf) == 2) /* DGRAM: QUIC */
		evidence->protocol = PROTOCOL_UDP;
	return PROXY_PROTOCOL_FOUND;
}

static bool
parse_end(struct evidence_end *end, const char *address, const char *port)
{
	uint64_t number;

	if (addr_parse(&end->addr, address, NULL) < 0 ||
	    parse_number(port, UINT16_MAX, &number, NULL) < 0)
		return false;
	end->addr = evidence_addr(end->addr);
	end->port = (uint16_t)number;
	end->is_known = end->has_port = true;
	return true;
}

/* PROXY TCP4 SRC DST SPORT DPORT, or PROXY UNKNOWN and anything */
static enum proxy_protocol_state
read_v1(struct proxy_protocol *header, struct evidence *evidence)
{
	enum { PROXY, FAMILY, SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT, WORDS };
	char line[PROXY_PROTOCOL_BYTES + 1], *words[WORDS], *rest = NULL, *word;
	size_t count = 0;

	memcpy(line, header->bytes, header->length);
	line[header->length - 2] = '\0';
	for (word = strtok_r(line, " ", &rest); word && count < WORDS;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	if (count > FAMILY && strcmp(words[FAMILY], "UNKNOWN") == 0)
		return PROXY_PROTOCOL_FOUND;
	if (count < WORDS || word || strncmp(words[FAMILY], "TCP", 3) != 0 ||
	    !parse_end(&evidence->client, words[SOURCE], words[SOURCE_PORT]) ||
	    !parse_end(&evidence->vip, words[DESTINATION], words[DESTINATION_PORT]))
		return PROXY_PROTOCOL_BAD;
	return PROXY_PROTOCOL_FOUND;
}

/* What the bytes so far are. */
static enum proxy_protocol_state
recognise(struct proxy_protocol *header, struct evidence *evidence)
{
	if (starts(header, v2_start, sizeof(v2_start))) {
		if (header->length < V2_HEAD || header->length < v2_need(header->bytes))
			return PROXY_PROTOCOL_MORE;
		return read_v2(header, evidence);
	}
	if (!starts(header, v1_start, sizeof(v1_start)))
		return PROXY_PROTOCOL_NONE;
	if (header->length >= 2 && memcmp(header->bytes + header->length - 2, "\r\n", 2) == 0)
		return read_v1(header, evidence);
	return header->length < PROXY_PROTOCOL_BYTES ? PROXY_PROTOCOL_MORE : PROXY_PROTOCOL_NONE;
}

static size_t
skip_rest(struct proxy_protocol *header, size_t size)
{
	size_t used = size < header->skip ? size : header->skip;

	header->skip -= (uint32_t)used;
	return used;
}

size_t
proxy_protocol_feed(struct proxy_protocol *header, const unsigned char *bytes, size_t size,
		    struct evidence *evidence)
{
	size_t used = 0;

	while (header->state == PROXY_PROTOCOL_MORE && used < size) {
		header->bytes[header->length++] = bytes[used++];
		header->state = recognise(header, evidence);
		if (header->state != PROXY_PROTOCOL_FOUND)
			*evidence = (struct evidence){0};
	}
	return used + skip_rest(header, size - used);
}
