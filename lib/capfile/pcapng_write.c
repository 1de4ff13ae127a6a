/*
 * The length of a block stands at its start and at its end, and is known only when its options have
 * been written: begin_block leaves a gap that end_block fills. Room for all that a block may take
 * is reserved at its start, so that nothing within can fail, and a block that lacks memory leaves
 * no trace. Packets are written in one pass, to memory of the caller's.
 */
#include "capfile/pcapng_write.h"

#include "capfile/pcapng.h"
#include "packet/linktype.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The most bytes of comments in one block of statistics: it has to stay below FORMAT_BLOCK_MAX. */
#define COMMENTS_MAX ((size_t)1 << 20)

void
blocks_release(struct blocks *blocks)
{
	free(blocks->bytes);
	*blocks = BLOCKS_INIT;
}

int
blocks_reserve(struct blocks *blocks, size_t more)
{
	size_t room = blocks->room ? blocks->room : 4096;
	unsigned char *bytes;

	while (room - blocks->used < more)
		if (__builtin_mul_overflow(room, 2, &room)) {
			errno = ENOMEM;
			return -1;
		}
	if (room == blocks->room)
		return 0;
	bytes = realloc(blocks->bytes, room);
	if (!bytes)
		return -1;
	blocks->bytes = bytes;
	blocks->room = room;
	return 0;
}

static void
put(struct blocks *blocks, const void *from, size_t size)
{
	memcpy(blocks->bytes + blocks->used, from, size);
	blocks->used += size;
}

static void
put16(struct blocks *blocks, uint16_t value)
{
	put(blocks, &value, sizeof(value));
}

static void
put32(struct blocks *blocks, uint32_t value)
{
	put(blocks, &value, sizeof(value));
}

/* A timestamp is written high word first, in either byte order (section 4.3). */
static void
put_time(struct blocks *blocks, int64_t ts_ns)
{
	put32(blocks, (uint32_t)((uint64_t)ts_ns >> 32));
	put32(blocks, (uint32_t)(uint64_t)ts_ns);
}

/* Starts a block with room for size bytes of body and options. */
static int
begin_block(struct blocks *blocks, uint32_t type, size_t size)
{
	if (blocks_reserve(blocks, size + 12) < 0)
		return -1;
	blocks->block = blocks->used;
	put32(blocks, type);
	put32(blocks, 0);
	return 0;
}

/* Fills in the length, at both places. */
static void
end_block(struct blocks *blocks)
{
	uint32_t length = (uint32_t)(blocks->used - blocks->block) + 4;

	memcpy(blocks->bytes + blocks->block + 4, &length, sizeof(length));
	put32(blocks, length);
}

static size_t
option_room(const char *text)
{
	return text ? 4 + PCAPNG_PAD(strlen(text)) + 4 : 0;
}

static void
put_option(struct blocks *blocks, uint16_t code, const void *from, size_t size)
{
	static const unsigned char padding[4];

	put16(blocks, code);
	put16(blocks, (uint16_t)size);
	put(blocks, from, size);
	put(blocks, padding, PCAPNG_PAD(size) - size);
}

/* An option's length has 16 bits: a longer text is cut. */
static void
put_text(struct blocks *blocks, uint16_t code, const char *text)
{
	if (text) {
		size_t size = strlen(text);

		put_option(blocks, code, text, size < UINT16_MAX ? size : UINT16_MAX);
	}
}

static void
put_counter(struct blocks *blocks, uint16_t code, uint64_t value)
{
	if (value != STATISTICS_UNKNOWN)
		put_option(blocks, code, &value, sizeof(value));
}

static void
put_time_option(struct blocks *blocks, uint16_t code, int64_t ts_ns)
{
	if (ts_ns != INT64_MIN) {
		put16(blocks, code);
		put16(blocks, 8);
		put_time(blocks, ts_ns);
	}
}

int
pcapng_write_section(struct blocks *blocks, enum pcapng_end end, const char *hardware,
		     const char *os, const char *application, const char *const *comments,
		     const unsigned char *options, size_t options_len)
{
	const uint64_t unknown_length = UINT64_MAX;
	size_t room = 16 + option_room(hardware) + option_room(os) + option_room(application) + 4 +
		      options_len + option_room(PCAPNG_PROMISE);

	for (const char *const *c = comments; c && *c; c++)
		room += option_room(*c);
	if (begin_block(blocks, PCAPNG_SHB, room) < 0)
		return -1;
	put32(blocks, PCAPNG_MAGIC);
	put16(blocks, 1);
	put16(blocks, 0);
	put(blocks, &unknown_length, sizeof(unknown_length));
	put_text(blocks, OPT_SHB_HARDWARE, hardware);
	put_text(blocks, OPT_SHB_OS, os);
	put_text(blocks, OPT_SHB_USERAPPL, application);
	for (const char *const *c = comments; c && *c; c++)
		put_text(blocks, OPT_COMMENT, *c);
	if (options)
		put(blocks, options, options_len);
	if (end == PCAPNG_END_PROMISED)
		put_text(blocks, OPT_SHB_PROMISE, PCAPNG_PROMISE);
	put32(blocks, OPT_END);
	end_block(blocks);
	return 0;
}

int
pcapng_write_interface(struct blocks *blocks, const struct interface *interface)
{
	const unsigned char nanoseconds = 9, bpf_as_text = 0;
	size_t filter_size = interface->filter ? strlen(interface->filter) : 0;
	size_t room = 8 + option_room(interface->name) + option_room(interface->description) +
		      option_room(interface->filter) + 12 + 8 + 8 + interface->options_len;

	if (begin_block(blocks, PCAPNG_IDB, room) < 0)
		return -1;
	put16(blocks, linktype_in_pcapng(interface->linktype));
	put16(blocks, 0);
	put32(blocks, PACKET_SNAPLEN);
	put_text(blocks, OPT_IF_NAME, interface->name);
	put_text(blocks, OPT_IF_DESCRIPTION, interface->description);
	if (interface->speed)
		put_option(blocks, OPT_IF_SPEED, &interface->speed, 8);
	put_option(blocks, OPT_IF_TSRESOL, &nanoseconds, 1);
	if (interface->filter) {
		/* The first byte says that a filter string follows (section 4.2). */
		if (filter_size > UINT16_MAX - 1)
			filter_size = UINT16_MAX - 1;
		put16(blocks, OPT_IF_FILTER);
		put16(blocks, (uint16_t)(filter_size + 1));
		put(blocks, &bpf_as_text, 1);
		put(blocks, interface->filter, filter_size);
		put(blocks, "\0\0\0", PCAPNG_PAD(filter_size + 1) - (filter_size + 1));
	}
	if (interface->options_len)
		put(blocks, interface->options, interface->options_len);
	put32(blocks, OPT_END);
	end_block(blocks);
	return 0;
}

/* Length of the first line, as an option. */
static size_t
line_size(const char *lines)
{
	const size_t size = strcspn(lines, "\n");

	return size < UINT16_MAX ? size : UINT16_MAX;
}

/* As many lines as there is room for; the last one says how many are left out. */
static void
put_comments(struct blocks *blocks, const char *lines)
{
	char text[64];
	size_t used = 0, left_out = 0;

	for (; lines && *lines; lines += *lines == '\n') {
		used += 4 + PCAPNG_PAD(line_size(lines));
		if (used <= COMMENTS_MAX)
			put_option(blocks, OPT_COMMENT, lines, line_size(lines));
		else
			left_out++;
		lines += strcspn(lines, "\n");
	}
	if (left_out) {
		snprintf(text, sizeof(text), "%zu more comments are left out", left_out);
		put_text(blocks, OPT_COMMENT, text);
	}
}

int
pcapng_write_statistics(struct blocks *blocks, uint32_t id, const struct statistics *statistics,
			const char *comment)
{
	const size_t most = comment ? 5 * strlen(comment) + 8 : 0;
	const size_t room = 12 + 7 * 12 + 4 + (most < COMMENTS_MAX ? most : COMMENTS_MAX) + 68;

	if (begin_block(blocks, PCAPNG_ISB, room) < 0)
		return -1;
	put32(blocks, id);
	put_time(blocks, statistics->ts_ns);
	put_time_option(blocks, OPT_ISB_STARTTIME, statistics->start_ns);
	put_time_option(blocks, OPT_ISB_ENDTIME, statistics->end_ns);
	put_counter(blocks, OPT_ISB_IFRECV, statistics->received);
	put_counter(blocks, OPT_ISB_IFDROP, statistics->dropped);
	put_counter(blocks, OPT_ISB_FILTERACCEPT, statistics->accepted);
	put_counter(blocks, OPT_ISB_OSDROP, statistics->os_dropped);
	put_counter(blocks, OPT_ISB_USRDELIV, statistics->delivered);
	put_comments(blocks, comment);
	put32(blocks, OPT_END);
	end_block(blocks);
	return 0;
}

static unsigned char *
store32(unsigned char *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

/* An option of four bytes: code and length make one word on either side. */
static unsigned char *
store_option32(unsigned char *to, uint16_t code, uint32_t value)
{
	const uint16_t head[2] = {code, 4};

	memcpy(to, head, sizeof(head));
	return store32(to + sizeof(head), value);
}

static bool
has_packet_options(const struct packet *packet)
{
	return packet->flags || packet->core != PACKET_NO_CORE || packet->options_len;
}

size_t
pcapng_write_packet_length(const struct packet *packet)
{
	size_t length = 32 + PCAPNG_PAD((size_t)packet->caplen) + packet->options_len;

	if (packet->flags)
		length += 8;
	if (packet->core != PACKET_NO_CORE)
		length += 8;
	return length + (has_packet_options(packet) ? 4 : 0);
}

size_t
pcapng_write_packet_at(unsigned char *to, uint32_t id, const struct packet *packet)
{
	unsigned char *p = to + 8;
	size_t padding = PCAPNG_PAD(packet->caplen) - packet->caplen;
	uint32_t length;

	p = store32(p, id);
	p = store32(p, (uint32_t)((uint64_t)packet->ts_ns >> 32));
	p = store32(p, (uint32_t)(uint64_t)packet->ts_ns);
	p = store32(p, packet->caplen);
	p = store32(p, packet->len);
	memcpy(p, packet->data, packet->caplen);
	memset(p + packet->caplen, 0, padding);
	p += packet->caplen + padding;
	if (packet->flags)
		p = store_option32(p, OPT_EPB_FLAGS, packet->flags);
	if (packet->core != PACKET_NO_CORE)
		p = store_option32(p, OPT_EPB_QUEUE, packet->core);
	if (packet->options_len) {
		memcpy(p, packet->options, packet->options_len);
		p += packet->options_len;
	}
	if (has_packet_options(packet))
		p = store32(p, OPT_END);
	length = (uint32_t)(p - to) + 4;
	store32(p, length);
	store32(store32(to, PCAPNG_EPB), length);
	return length;
}

int
pcapng_write_raw(struct blocks *blocks, uint32_t type, const void *body, size_t size)
{
	if (begin_block(blocks, type, size) < 0)
		return -1;
	put(blocks, body, size);
	end_block(blocks);
	return 0;
}
