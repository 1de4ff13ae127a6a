/*
 * Blocks and records are put together in a buffer, and written when it is full. A batch is first
 * laid out: the lengths of its packets tell the offset of each piece of PIECE packets, so that
 * threads can write the pieces into the buffer at the same time.
 */
#include "capfile/writer.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/hugepage.h"
#include "base/threadpool.h"
#include "capfile/pcapng_write.h"
#include "packet/batch.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER         (256u << 10) /* bytes */
#define BUFFER_THREADS (1u << 20)   /* bytes, with threads: they are woken for each */
#define AHEAD          8            /* packets to prefetch before they are written */

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, linktype;
};

struct pcap_record {
	uint32_t seconds, nanoseconds, caplen, len;
};

struct writer {
	int fd;
	enum format format;
	struct blocks blocks; /* what has not been written yet */
	bool has_header;
	uint32_t interface_count;
	uint32_t section_base; /* the number of the section's first interface */
	bool mixes_linktypes;
	uint16_t linktype;       /* of the interfaces, if there are any */
	struct threadpool *pool; /* the caller's; or NULL */
	bool is_part;            /* nothing is written */
};

struct writer *
writer_new(int fd, enum format format, struct failure *why)
{
	struct writer *writer = calloc(1, sizeof(*writer));

	if (!writer || !(writer->blocks.bytes = hugepage_new(BUFFER))) {
		failure_errno(why, "cannot write");
		writer_free(writer);
		return NULL;
	}
	writer->blocks.room = BUFFER;
	writer->fd = fd;
	writer->format = format;
	return writer;
}

void
writer_free(struct writer *writer)
{
	if (!writer)
		return;
	blocks_release(&writer->blocks);
	free(writer);
}

static int
write_out(struct writer *writer, struct failure *why)
{
	if (fileio_write_all(writer->fd, writer->blocks.bytes, writer->blocks.used) < 0)
		return failure_errno(why, "cannot write the capture");
	writer->blocks.used = 0;
	return 0;
}

/* Makes room for size more bytes: writes a full buffer, and enlarges it only for a larger packet.
 */
static inline int
reserve(struct writer *writer, size_t size, struct failure *why)
{
	if (__builtin_expect(writer->blocks.room - writer->blocks.used >= size, 1))
		return 0;
	if (!writer->is_part && write_out(writer, why) < 0)
		return -1;
	return blocks_reserve(&writer->blocks, size) < 0 ? failure_nomem(why) : 0;
}

static void
append(struct writer *writer, const void *from, size_t size)
{
	memcpy(writer->blocks.bytes + writer->blocks.used, from, size);
	writer->blocks.used += size;
}

static int
pcap_header(struct writer *writer, uint16_t linktype, struct failure *why)
{
	const struct pcap_header header = {.magic = 0xa1b23c4d,
					   .major = 2,
					   .minor = 4,
					   .snaplen = PACKET_SNAPLEN,
					   .linktype = linktype};

	if (reserve(writer, sizeof(header), why) < 0)
		return -1;
	append(writer, &header, sizeof(header));
	writer->has_header = true;
	return 0;
}

int
writer_section(struct writer *writer, const struct file_section *section, struct failure *why)
{
	const enum pcapng_end end = file_section_is_from_vcap(section) && !section->is_edited
					? PCAPNG_END_PROMISED
					: PCAPNG_END_OPEN;

	if (writer->format == FORMAT_PCAP)
		return 0;
	if (pcapng_write_section(&writer->blocks, end, section->hardware, section->os,
				 section->application, (const char *const *)section->comments,
				 section->options, section->options_len) < 0)
		return failure_nomem(why);
	writer->has_header = true;
	writer->section_base = writer->interface_count;
	return 0;
}

/* Not "vcap-": that would promise an end mark (file_section.h). */
static int
default_section(struct writer *writer, struct failure *why)
{
	char application[] = "vcap " VCAP_VERSION;
	const struct file_section section = {.application = application};

	return writer_section(writer, &section, why);
}

void
writer_mix_linktypes(struct writer *writer)
{
	writer->mixes_linktypes = writer->format == FORMAT_PCAPNG;
}

bool
writer_takes(const struct writer *writer, uint16_t linktype)
{
	return writer->interface_count == 0 || linktype == writer->linktype ||
	       writer->mixes_linktypes;
}

int
writer_interface(struct writer *writer, const struct interface *interface, uint32_t *id,
		 struct failure *why)
{
	if (!writer_takes(writer, interface->linktype))
		return failure_set(why, "link types %u and %u do not fit into one file",
				   writer->linktype, interface->linktype);
	if (writer->format == FORMAT_PCAP) {
		if (!writer->has_header && pcap_header(writer, interface->linktype, why) < 0)
			return -1;
	} else {
		if (!writer->has_header && default_section(writer, why) < 0)
			return -1;
		if (pcapng_write_interface(&writer->blocks, interface) < 0)
			return failure_nomem(why);
	}
	writer->linktype = interface->linktype;
	*id = writer->interface_count++;
	return 0;
}

int
writer_interfaces(struct writer *writer, const struct source *source, struct failure *why)
{
	uint32_t id;

	while (writer->interface_count < source->interface_count)
		if (writer_interface(writer, &source->interfaces[writer->interface_count], &id,
				     why) < 0)
			return -1;
	return 0;
}

static int
check_time(const struct writer *writer, const struct packet *packet, struct failure *why)
{
	if (packet->ts_ns < 0)
		return failure_set(why,
				   "a packet with a time before 1970 does not fit into a file");
	if (writer->format == FORMAT_PCAP && packet->ts_ns / NS_PER_SECOND > UINT32_MAX)
		return failure_set(why,
				   "a packet with a time after 2106 does not fit into a pcap file");
	return 0;
}

static size_t
record_length(const struct writer *writer, const struct packet *packet)
{
	return writer->format == FORMAT_PCAP ? sizeof(struct pcap_record) + (size_t)packet->caplen
					     : pcapng_write_packet_length(packet);
}

/* Writes a packet where there is room for it; returns its length. */
static size_t
record_at(const struct writer *writer, unsigned char *to, uint32_t id, const struct packet *packet)
{
	struct pcap_record record;

	if (writer->format == FORMAT_PCAPNG)
		return pcapng_write_packet_at(to, id - writer->section_base, packet);
	record = (struct pcap_record){.seconds = (uint32_t)(packet->ts_ns / NS_PER_SECOND),
				      .nanoseconds = (uint32_t)(packet->ts_ns % NS_PER_SECOND),
				      .caplen = packet->caplen,
				      .len = packet->len};
	memcpy(to, &record, sizeof(record));
	memcpy(to + sizeof(record), packet->data, packet->caplen);
	return sizeof(record) + packet->caplen;
}

int
writer_packet(struct writer *writer, uint32_t id, const struct packet *packet, struct failure *why)
{
	if (check_time(writer, packet, why) < 0 ||
	    reserve(writer, record_length(writer, packet), why) < 0)
		return -1;
	writer->blocks.used +=
	    record_at(writer, writer->blocks.bytes + writer->blocks.used, id, packet);
	return 0;
}

int
writer_statistics(struct writer *writer, uint32_t id, const struct statistics *statistics,
		  const char *comment, struct failure *why)
{
	if (writer->format == FORMAT_PCAP)
		return 0;
	return pcapng_write_statistics(&writer->blocks, id - writer->section_base, statistics,
				       comment) < 0
		   ? failure_nomem(why)
		   : 0;
}

struct writer *
writer_new_part(const struct writer *whole, size_t room, struct failure *why)
{
	struct writer *part = malloc(sizeof(*part));

	if (!part) {
		failure_nomem(why);
		return NULL;
	}
	*part = *whole;
	part->blocks = (struct blocks){.bytes = hugepage_new(room), .room = room};
	part->pool = NULL;
	part->is_part = true;
	if (part->blocks.bytes)
		return part;
	failure_nomem(why);
	free(part);
	return NULL;
}

int
writer_add_part(struct writer *whole, struct writer *part, struct failure *why)
{
	if (writer_flush(whole, why) < 0)
		return -1;
	if (fileio_write_all(whole->fd, part->blocks.bytes, part->blocks.used) < 0)
		return failure_errno(why, "cannot write the capture");
	writer_empty_part(part);
	return 0;
}

size_t
writer_buffered(const struct writer *writer)
{
	return writer->blocks.used;
}

void
writer_empty_part(struct writer *part)
{
	part->blocks.used = 0;
}

int
writer_flush(struct writer *writer, struct failure *why)
{
	return writer->blocks.used ? write_out(writer, why) : 0;
}

int
writer_raw(struct writer *writer, uint32_t type, const void *body, size_t size, struct failure *why)
{
	if (writer->format == FORMAT_PCAP)
		return 0;
	if (!writer->has_header && default_section(writer, why) < 0)
		return -1;
	if (reserve(writer, size + 12, why) < 0)
		return -1;
	return pcapng_write_raw(&writer->blocks, type, body, size) < 0 ? failure_nomem(why) : 0;
}

/* Packets that one thread writes in a row, and how many such pieces are written at a time. */
#define PIECE      256
#define PIECES_MAX 32

struct piece {
	const struct batch_slot *slots;
	size_t count;
	size_t at; /* offset in the buffer */
};

/* The pieces of the buffer, for the threads. */
struct writing {
	const struct writer *writer;
	struct piece pieces[PIECES_MAX];
};

/* Prefetches what is written soon: first the packet, later its first bytes. */
static inline void
prefetch(const struct piece *piece, size_t i)
{
	const struct packet *packet;

	if (i + 2 * AHEAD >= piece->count)
		return;
	__builtin_prefetch(piece->slots[i + 2 * AHEAD].packet);
	packet = piece->slots[i + AHEAD].packet;
	__builtin_prefetch(packet->data);
	__builtin_prefetch(packet->data + 64);
}

/* Writes a piece where there is room for it. */
static void
write_piece(void *context, size_t number)
{
	const struct writing *writing = context;
	const struct piece *piece = &writing->pieces[number];
	unsigned char *to = writing->writer->blocks.bytes + piece->at;

	for (size_t i = 0; i < piece->count; i++) {
		const struct packet *packet = piece->slots[i].packet;

		prefetch(piece, i);
		to += record_at(writing->writer, to, packet->iface, packet);
	}
}

/* Finds how many packets fit into the buffer and the piece. *end is where they start, and then
 * where they will end. */
static int
lay_out(const struct writer *writer, struct piece *piece, size_t left, size_t *end,
	struct failure *why)
{
	const size_t most = left < PIECE ? left : PIECE;

	piece->at = *end;
	for (piece->count = 0; piece->count < most; piece->count++) {
		const struct packet *packet = piece->slots[piece->count].packet;
		const size_t length = record_length(writer, packet);

		prefetch(piece, piece->count);
		if (check_time(writer, packet, why) < 0)
			return -1;
		if (length > writer->blocks.room - *end)
			break;
		*end += length;
	}
	return 0;
}

/* Writes the packets of as many slots, of *count, as fit into the buffer; *count is then their
 * number. */
static int
write_slots(struct writer *writer, const struct batch_slot *slots, size_t *count,
	    struct failure *why)
{
	struct writing writing = {.writer = writer};
	size_t done = 0, end = writer->blocks.used, pieces = 0;

	do {
		struct piece *piece = &writing.pieces[pieces];

		piece->slots = slots + done;
		if (lay_out(writer, piece, *count - done, &end, why) < 0)
			return -1;
		done += piece->count;
	} while (writing.pieces[pieces++].count == PIECE && pieces < PIECES_MAX);
	threadpool_work(writer->pool, write_piece, &writing, pieces);
	writer->blocks.used = end;
	*count = done;
	return 0;
}

int
writer_batch(struct writer *writer, const struct batch *batch, struct failure *why)
{
	for (size_t at = 0, count; at < batch->count; at += count) {
		const struct batch_slot *slots = batch->slots + at;

		if (reserve(writer, record_length(writer, slots->packet), why) < 0)
			return -1;
		count = batch->count - at;
		if (write_slots(writer, slots, &count, why) < 0)
			return -1;
	}
	return 0;
}

int
writer_set_threadpool(struct writer *writer, struct threadpool *pool, struct failure *why)
{
	writer->pool = pool;
	if (!pool || writer->blocks.room >= BUFFER_THREADS)
		return 0;
	return blocks_reserve(&writer->blocks, BUFFER_THREADS - writer->blocks.used) < 0
		   ? failure_nomem(why)
		   : 0;
}

int
writer_copy_next(struct writer *writer, struct source *source, struct failure *why)
{
	struct packet packet;
	enum source_event event = source->next(source, &packet, why);
	int rc = event == SOURCE_CUT ? -1 : writer_interfaces(writer, source, why);

	if (rc == 0 && event == SOURCE_PACKET)
		rc = writer_packet(writer, packet.iface, &packet, why);
	else if (rc == 0 && event == SOURCE_NOTE)
		rc = writer_raw(writer, source->note.type, source->note.body, source->note.size,
				why);
	return rc < 0 ? -1 : event != SOURCE_END && event != SOURCE_LATER;
}

int
writer_copy(struct writer *writer, struct source *source, struct failure *why)
{
	int more;

	while ((more = writer_copy_next(writer, source, why)) > 0)
		;
	return more;
}

/* A capture without any packet or interface is a file of its format, too. */
int
writer_finish(struct writer *writer, struct failure *why)
{
	if (!writer->has_header) {
		int rc = writer->format == FORMAT_PCAP ? pcap_header(writer, LINKTYPE_EN10MB, why)
						       : default_section(writer, why);
		if (rc < 0)
			return rc;
	}
	return write_out(writer, why);
}
