/*
 * The pcap format (draft-ietf-opsawg-pcap): a header of 24 bytes, then records of 16 bytes with the
 * packet behind each.
 */
#include "capfile/pcap_read-int.h"

#include "base/clock.h"

#include <string.h>

#define HEADER 24   /* bytes */
#define RECORD 16   /* bytes before the packet */
#define AHEAD  1024 /* how many bytes ahead to prefetch */

enum {
	MAGIC_US = 0xa1b2c3d4,
	MAGIC_NS = 0xa1b23c4d,
	MAGIC_MODIFIED = 0xa1b2cd34, /* longer records, of Linux in the 1990s */
};

/* The name of the compressor whose files begin with these four bytes, or NULL. */
static const char *
find_compressor(const unsigned char *bytes)
{
	static const struct {
		const char *name, *magic;
		size_t size;
	} compressors[] = {{"gzip", "\x1f\x8b", 2},
			   {"bzip2", "BZh", 3},
			   {"xz",
			    "\xfd"
			    "7zX",
			    4},
			   {"zstd", "\x28\xb5\x2f\xfd", 4},
			   {"lz4", "\x04\x22\x4d\x18", 4}};

	for (size_t i = 0; i < sizeof(compressors) / sizeof(*compressors); i++)
		if (memcmp(bytes, compressors[i].magic, compressors[i].size) == 0)
			return compressors[i].name;
	return NULL;
}

/* Sets byte order and resolution by the first four bytes. -1: not a pcap file. */
static int
read_magic(struct reader *file, struct failure *why)
{
	const char *compressor;

	for (int swapped = 0; swapped < 2; swapped++) {
		uint32_t magic;

		file->swapped = swapped;
		magic = get32(file, file->in.bytes);
		file->fraction_ns = magic == MAGIC_NS ? 1 : 1000;
		file->fractions = NS_PER_SECOND / file->fraction_ns;
		if (magic == MAGIC_US || magic == MAGIC_NS)
			return 0;
		if (magic == MAGIC_MODIFIED)
			return failure_set(why,
					   "'%s' is of the modified pcap format (0xa1b2cd34), "
					   "which is not supported",
					   file->name);
	}
	compressor = find_compressor(file->in.bytes);
	if (compressor)
		return failure_set(why, "'%s' is compressed by %s: unpack it first", file->name,
				   compressor);
	return failure_set(why, "'%s' is not a capture file", file->name);
}

/* Reads a record, whose 16 bytes are in the buffer. Returns whether it is sound. */
static inline bool
read_record(const struct reader *file, const unsigned char *p, struct packet *packet)
{
	const uint32_t fraction = get32(file, p + 4);

	packet->ts_ns =
	    (int64_t)get32(file, p) * NS_PER_SECOND + (int64_t)fraction * file->fraction_ns;
	packet->caplen = get32(file, p + 8);
	packet->len = get32(file, p + 12);
	packet->iface = 0;
	packet->core = PACKET_NO_CORE;
	packet->flags = 0;
	packet->data = p + RECORD;
	packet->options = NULL;
	packet->options_len = 0;
	return packet->caplen <= packet->len && packet->caplen <= PACKET_SNAPLEN &&
	       fraction < file->fractions;
}

/* Whether a record of more bytes than readers accept is what the file promises: its header names a
 * snaplen that large. Without that it is damage. */
static bool
is_long(const struct reader *file, const struct packet *packet, uint32_t fraction)
{
	return packet->caplen > PACKET_SNAPLEN && packet->caplen <= packet->len &&
	       packet->caplen <= file->source.interfaces[0].snaplen &&
	       packet->caplen <= FORMAT_BLOCK_MAX && fraction < file->fractions;
}

static size_t
pcap_more(struct source *source, struct packet *list, size_t room)
{
	struct reader *file = (struct reader *)source;
	struct inbuf *in = &file->in;
	const unsigned char *at = in->bytes + in->at, *end = in->bytes + in->end;
	size_t count = 0;

	while (count < room && end - at >= RECORD && read_record(file, at, &list[count]) &&
	       (size_t)(end - at) >= RECORD + list[count].caplen) {
		__builtin_prefetch(at + AHEAD);
		at += RECORD + list[count++].caplen;
	}
	in->at = (size_t)(at - in->bytes);
	return count;
}

/* Reports what is wrong with an unsound record. */
static enum source_event
record_damaged(struct reader *file, const struct packet *packet, uint32_t fraction,
	       struct failure *why)
{
	if (packet->caplen > PACKET_SNAPLEN)
		return reader_damaged(file, why, "a packet of %u bytes", packet->caplen);
	if (packet->caplen > packet->len)
		return reader_damaged(file, why, "%u bytes kept of a packet of %u", packet->caplen,
				      packet->len);
	return reader_damaged(file, why, "a time with %u %s", fraction,
			      file->fraction_ns == 1 ? "nanoseconds" : "microseconds");
}

static enum source_event
pcap_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct reader *file = (struct reader *)source;
	struct inbuf *in = &file->in;
	const unsigned char *p;

	if (inbuf_want(in, RECORD) < 0)
		return reader_unreadable(file, why);
	if (inbuf_left(in) < RECORD)
		return inbuf_left(in) ? reader_truncated(file, why, "packet header")
				      : reader_end(file, why);
	p = in->bytes + in->at;
	if (!read_record(file, p, packet) && !is_long(file, packet, get32(file, p + 4)))
		return record_damaged(file, packet, get32(file, p + 4), why);
	if (inbuf_want(in, RECORD + packet->caplen) < 0)
		return reader_unreadable(file, why);
	if (inbuf_left(in) < RECORD + packet->caplen)
		return reader_truncated(file, why, "packet");
	source->place = inbuf_offset(in);
	packet->data = in->bytes + in->at + RECORD;
	if (__builtin_expect(packet->caplen > PACKET_SNAPLEN, 0))
		reader_leave_out(file, (struct left_out){.cut = 1});
	in->at += RECORD + packet->caplen;
	if (packet->caplen > PACKET_SNAPLEN)
		packet->caplen = PACKET_SNAPLEN;
	return SOURCE_PACKET;
}

static int
pcap_begin(struct reader *file, struct failure *why)
{
	const unsigned char *p;
	struct interface *interface;
	uint32_t link;

	if (read_magic(file, why) < 0)
		return -1;
	file->source.next = pcap_next;
	file->source.more = pcap_more;
	if (inbuf_want(&file->in, HEADER) < 0)
		return failure_errno(why, "cannot read '%s'", file->name);
	if (inbuf_left(&file->in) < HEADER) {
		reader_truncated(file, NULL, "header");
		return 0;
	}
	p = file->in.bytes;
	if (get16(file, p + 4) != 2 || get16(file, p + 6) != 4)
		return failure_set(why, "'%s' has pcap version %u.%u, only 2.4 is supported",
				   file->name, get16(file, p + 4), get16(file, p + 6));
	link = get32(file, p + 20);
	/* The upper six bits tell the length of a frame check sequence; the ten below are reserved.
	 */
	if (link & 0x03ff0000)
		return failure_set(why, "'%s' has an unknown link type field (0x%08x)", file->name,
				   link);
	interface = reader_add_interface(file);
	if (!interface)
		return failure_errno(why, "cannot read '%s'", file->name);
	interface->snaplen = get32(file, p + 16);
	interface->linktype = (uint16_t)link;
	file->in.at += HEADER;
	return 0;
}

const struct reader_ops pcap_read_ops = {
    .format = FORMAT_PCAP,
    .header = HEADER,
    .begin = pcap_begin,
    .next = pcap_next,
    .more = pcap_more,
};
