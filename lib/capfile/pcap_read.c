/*
 * The pcap format (draft-ietf-opsawg-pcap): a header of 24 bytes, then records of 16 bytes with the
 * packet behind each. A header in the middle, as of files put together by cat, begins another section,
 * with a byte order and an interface of its own.
 *
 * pcap_more is the fast path. It yields records that agree with themselves, each followed by such a
 * record within an hour. All else is left to pcap_next, which has pcap_resync look ahead further.
 */
#include "capfile/pcap_read-int.h"

#include "base/array.h"
#include "base/clock.h"
#include "capfile/pcap_resync-int.h"
#include "capfile/signature.h"
#include "packet/linktype.h"

#include <stdio.h>
#include <string.h>

#define HEADER 24   /* bytes */
#define AHEAD  1024 /* how many bytes ahead to prefetch */

/* The upper six bits of the link type tell the length of a frame check sequence; these are reserved. */
#define LINK_RESERVED 0x03ff0000

enum {
	MAGIC_US = 0xa1b2c3d4,
	MAGIC_NS = 0xa1b23c4d,
	MAGIC_MODIFIED = 0xa1b2cd34, /* longer records, of Linux in the 1990s */
};

bool
pcap_record_has_magic(const unsigned char *p, bool *swapped, uint32_t *fraction_ns)
{
	uint32_t magic;

	memcpy(&magic, p, sizeof(magic));
	*swapped = magic == __builtin_bswap32(MAGIC_US) || magic == __builtin_bswap32(MAGIC_NS);
	if (*swapped)
		magic = __builtin_bswap32(magic);
	*fraction_ns = magic == MAGIC_NS ? 1 : 1000;
	return magic == MAGIC_US || magic == MAGIC_NS;
}

/* Sets byte order and resolution by the first four bytes. -1: not a pcap file. */
static int
read_magic(struct reader *file, struct failure *why)
{
	const unsigned char *p = file->in.bytes + file->in.at;
	const char *compressor = signature_compressor(p, inbuf_left(&file->in));
	uint32_t magic;

	if (pcap_record_has_magic(p, &file->swapped, &file->fraction_ns)) {
		file->fractions = NS_PER_SECOND / file->fraction_ns;
		return 0;
	}
	memcpy(&magic, p, sizeof(magic));
	if (magic == MAGIC_MODIFIED || magic == __builtin_bswap32(MAGIC_MODIFIED))
		return failure_set(why,
				   "'%s' is of the modified pcap format (0xa1b2cd34), which is "
				   "not supported",
				   file->name);
	if (compressor)
		return failure_set(why, "'%s' is compressed by %s: unpack it first", file->name,
				   compressor);
	return failure_set(why, "'%s' is not a capture file", file->name);
}

/* Whether a header begins with these eight bytes. */
static bool
begins_header(const unsigned char *p)
{
	struct reader order = {0};

	return pcap_record_has_magic(p, &order.swapped, &order.fraction_ns) &&
	       get16(&order, p + 4) == 2 && get16(&order, p + 6) == 4;
}

bool
pcap_record_is_header(const unsigned char *p)
{
	struct reader order = {0};

	return begins_header(p) && pcap_record_has_magic(p, &order.swapped, &order.fraction_ns) &&
	       (get32(&order, p + 20) & LINK_RESERVED) == 0;
}

static inline void
fill_packet(const struct reader *file, const struct pcap_record *record, struct packet *packet)
{
	packet->ts_ns =
	    (int64_t)record->sec * NS_PER_SECOND + (int64_t)record->fraction * file->fraction_ns;
	packet->caplen = record->caplen;
	packet->len = record->len;
	packet->iface = file->section_base;
	packet->core = PACKET_NO_CORE;
	packet->flags = 0;
	packet->options = NULL;
	packet->options_len = 0;
}

/* What has been yielded is known when it is read again. */
static void
note_known(struct reader *file)
{
	if (inbuf_offset(&file->in) > file->known_to)
		file->known_to = inbuf_offset(&file->in);
}

static size_t
pcap_more(struct source *source, struct packet *list, size_t room)
{
	struct reader *file = (struct reader *)source;
	struct inbuf *in = &file->in;
	const unsigned char *at = in->bytes + in->at, *end = in->bytes + in->end;
	struct pcap_record record, next;
	size_t count = 0;

	if (end - at < PCAP_RECORD || gaps_to(&file->gaps, inbuf_offset(in)))
		return 0;
	record = pcap_record_at(file, at);
	while (count < room && pcap_record_is_sound(file, &record) &&
	       (size_t)(end - at) >= 2 * PCAP_RECORD + record.caplen) {
		const unsigned char *behind = at + PCAP_RECORD + record.caplen;

		__builtin_prefetch(behind + AHEAD);
		next = pcap_record_at(file, behind);
		if (!pcap_record_is_sound(file, &next) ||
		    !pcap_record_is_near(record.sec, next.sec))
			break;
		fill_packet(file, &record, &list[count]);
		list[count++].data = at + PCAP_RECORD;
		record = next;
		at = behind;
	}
	in->at = (size_t)(at - in->bytes);
	if (count) {
		file->last_ns = list[count - 1].ts_ns;
		note_known(file);
	}
	return count;
}

/* What is wrong with a record. */
static void
describe(const struct reader *file, const struct pcap_record *record, char text[80])
{
	if (record->caplen == 0 && record->sec == 0)
		snprintf(text, 80, "zeros, which are no packet");
	else if (record->caplen > PACKET_SNAPLEN)
		snprintf(text, 80, "a packet of %u bytes", record->caplen);
	else if (record->caplen > record->len)
		snprintf(text, 80, "%u bytes kept of a packet of %u", record->caplen, record->len);
	else if (record->fraction >= file->fractions)
		snprintf(text, 80, "a time with %u %s", record->fraction,
			 file->fraction_ns == 1 ? "nanoseconds" : "microseconds");
	else
		snprintf(text, 80, "no packet follows one of %u bytes", record->caplen);
}

/* Passes over a damaged record, and what follows it that is none. */
static enum source_event
pass(struct reader *file, const struct pcap_record *record, struct failure *why)
{
	char cause[80];

	if (!reader_tell_other(file, cause))
		describe(file, record, cause);
	reader_damaged(file, why, "%s", cause);
	return reader_pass(file, pcap_resync_pass, why);
}

/* Yields the record at the next byte, which may have been mended. SOURCE_PACKET, or how the source has
 * ended. */
static enum source_event
take(struct reader *file, const struct pcap_record *record, const char *mended,
     struct packet *packet, struct failure *why)
{
	struct inbuf *in = &file->in;

	if (inbuf_want(in, PCAP_RECORD + (size_t)record->caplen) < 0)
		return reader_unreadable(file, why);
	if (inbuf_left(in) < PCAP_RECORD + (size_t)record->caplen)
		return reader_truncated(file, why, "packet");
	fill_packet(file, record, packet);
	packet->data = in->bytes + in->at + PCAP_RECORD;
	file->source.place = inbuf_offset(in);
	if ((mended || file->gaps.count > 0) && reader_mend(file, packet, mended) < 0)
		return reader_unreadable(file, why);
	if (__builtin_expect(packet->caplen > PACKET_SNAPLEN, 0))
		reader_leave_out(file, (struct left_out){.cut = 1});
	in->at += PCAP_RECORD + (size_t)record->caplen;
	if (packet->caplen > PACKET_SNAPLEN)
		packet->caplen = PACKET_SNAPLEN;
	file->last_ns = packet->ts_ns;
	note_known(file);
	return SOURCE_PACKET;
}

/* Whether the next record is at hand or can be waited for: a packet of a stream is not held back until
 * there is another one. */
static bool
can_look_ahead(struct reader *file, uint32_t caplen)
{
	const size_t size = 2 * PCAP_RECORD + (size_t)caplen;

	/* Of a live file, what has come, and whether that is all; of another stream the packet is waited for. */
	if (inbuf_want(&file->in, file->in.queue ? size : size - PCAP_RECORD) < 0)
		return false;
	return inbuf_left(&file->in) >= size || inbuf_is_ready(&file->in);
}

/* Judges the record at the next byte. If it is mended, said says how it was. */
static enum pcap_verdict
judge(struct reader *file, struct pcap_record *record, char said[80])
{
	const struct pcap_record was = *record;
	enum pcap_verdict verdict = PCAP_WHOLE;

	if (!pcap_record_is_sound(file, record) || can_look_ahead(file, record->caplen))
		verdict = pcap_resync_judge(file, record);
	if (verdict != PCAP_MENDED)
		return verdict;
	if (was.caplen != record->caplen && was.caplen <= was.len)
		snprintf(said, 80, "%u bytes kept of a packet of %u", was.caplen, was.len);
	else
		describe(file, &was, said);
	return verdict;
}

/* Makes the interface that a header describes the one of its packets: a new one, unless there is one
 * like it. -1: out of memory. */
static int
use_interface(struct reader *file, uint16_t linktype, uint32_t snaplen)
{
	const struct source *source = &file->source;
	struct interface *interface;

	for (uint32_t i = 0; i < source->interface_count; i++) {
		file->section_base = i;
		if (source->interfaces[i].linktype == linktype &&
		    source->interfaces[i].snaplen == snaplen)
			return 0;
	}
	interface = reader_add_interface(file);
	if (!interface)
		return -1;
	interface->linktype = linktype;
	interface->snaplen = snaplen;
	file->section_base = source->interface_count - 1;
	return 0;
}

/* Remembers where the section at hand begins, for pcap_enter. */
static int
mark_section(struct reader *file)
{
	const uint64_t offset = inbuf_offset(&file->in);

	if (file->mark_count > 0 && file->marks[file->mark_count - 1].offset >= offset)
		return 0;
	if (array_grow(&file->marks, file->mark_count, sizeof(*file->marks)) < 0)
		return -1;
	file->marks[file->mark_count++] =
	    (struct section_mark){offset, file->section_base, file->fraction_ns, file->swapped};
	return 0;
}

/* Reads the file's header at the next byte, whose 24 bytes are there. */
static int
begin_section(struct reader *file, struct failure *why)
{
	const unsigned char *p = file->in.bytes + file->in.at;
	uint32_t link;

	if (read_magic(file, why) < 0)
		return -1;
	if (get16(file, p + 4) != 2 || get16(file, p + 6) != 4)
		return failure_set(why, "'%s' has pcap version %u.%u, only 2.4 is supported",
				   file->name, get16(file, p + 4), get16(file, p + 6));
	link = get32(file, p + 20);
	if (link & LINK_RESERVED)
		return failure_set(why, "'%s' has an unknown link type field (0x%08x)", file->name,
				   link);
	if (use_interface(file, linktype_canonical((uint16_t)link), get32(file, p + 16)) < 0 ||
	    mark_section(file) < 0)
		return failure_errno(why, "cannot read '%s'", file->name);
	file->in.at += HEADER;
	return 0;
}

static enum source_event
pcap_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct reader *file = (struct reader *)source;
	struct inbuf *in = &file->in;

	for (;;) {
		enum source_event event = SOURCE_PACKET;
		struct pcap_record record;
		char said[80];

		if (file->is_passing) {
			event = reader_pass(file, pcap_resync_pass, why);
			if (event != SOURCE_PACKET)
				return event;
		}
		if (inbuf_want(in, PCAP_RECORD) < 0)
			return reader_unreadable(file, why);
		if (inbuf_left(in) < PCAP_RECORD)
			return inbuf_left(in) ? reader_truncated(file, why, "packet header")
					      : reader_end(file, why);
		if (file->gaps.count > 0 && reader_skip_gap(file))
			continue;
		record = pcap_record_at(file, in->bytes + in->at);
		/* It may be a header, which is longer. */
		if (!pcap_record_is_sound(file, &record) && inbuf_want(in, HEADER) < 0)
			return reader_unreadable(file, why);
		if (inbuf_left(in) < HEADER && begins_header(in->bytes + in->at))
			return reader_truncated(file, why, "header");
		if (!pcap_record_is_sound(file, &record) && pcap_resync_is_header(file, 0)) {
			if (begin_section(file, &file->why) < 0)
				return reader_cut(file, why);
			continue;
		}
		switch (judge(file, &record, said)) {
		case PCAP_WHOLE: return take(file, &record, NULL, packet, why);
		case PCAP_MENDED: return take(file, &record, said, packet, why);
		case PCAP_AWAITED: return SOURCE_LATER;
		case PCAP_DAMAGED: event = pass(file, &record, why);
		}
		if (event != SOURCE_PACKET)
			return event;
	}
}

static int
pcap_begin(struct reader *file, struct failure *why)
{
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
	return begin_section(file, why);
}

static void
pcap_enter(struct reader *file, uint64_t offset)
{
	const struct section_mark *mark = reader_section_at(file, offset);

	file->section_base = mark->interface_base;
	file->swapped = mark->swapped;
	file->fraction_ns = mark->fraction_ns;
	file->fractions = NS_PER_SECOND / file->fraction_ns;
}

const struct reader_ops pcap_read_ops = {
    .format = FORMAT_PCAP,
    .header = HEADER,
    .before_packet = PCAP_RECORD,
    .check = read_magic,
    .begin = pcap_begin,
    .next = pcap_next,
    .more = pcap_more,
    .enter = pcap_enter,
};
