/*
 * What the reader has to do with any bytes: shared by the targets of both formats.
 */
#ifndef VCAP_FUZZ_CAPTURE_H
#define VCAP_FUZZ_CAPTURE_H

#include "capfile/pcapng.h"
#include "capfile/reader.h"
#include "fuzz.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* A descriptor of a file with these bytes. */
static inline int
file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* A file of pcapng, of what follows the type of its first block: *size grows by that. The caller's, on the heap. */
static inline uint8_t *
pcapng_of(const uint8_t *data, size_t *size)
{
	uint8_t *file = malloc(*size + 4);

	must(file);
	memcpy(file, "\x0a\x0d\x0d\x0a", 4);
	if (*size)
		memcpy(file + 4, data, *size);
	*size += 4;
	return file;
}

static inline uint64_t
digest(uint64_t hash, const void *from, size_t size)
{
	const unsigned char *p = from;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

/* All of a packet but its time, which a simple packet block takes from the packet before. */
static inline uint64_t
digest_packet(const struct packet *packet)
{
	const uint32_t words[] = {packet->caplen, packet->len, packet->iface, packet->core,
				  packet->flags};
	uint64_t hash = digest(0xcbf29ce484222325u, words, sizeof(words));

	hash = digest(hash, packet->data, packet->caplen);
	return digest(hash, packet->options, packet->options_len);
}

/* Options that the reader yields are whole. */
static inline void
check_options(const unsigned char *options, uint32_t size)
{
	while (size) {
		uint16_t length;

		must(size >= 4);
		memcpy(&length, options + 2, 2);
		must(4u + (length + 3u) / 4 * 4 <= size);
		size -= 4 + (length + 3u) / 4 * 4;
		options += 4 + (length + 3u) / 4 * 4;
	}
}

/* The packet consists of the input's bytes at source->place. */
static inline void
check_packet(const struct source *source, const struct packet *packet, const uint8_t *data,
	     size_t size, enum format format)
{
	static const uint8_t simple[] = {3, 0, 0, 0}, simple_big[] = {0, 0, 0, 3};
	size_t head = format == FORMAT_PCAP ? 16 : 28;

	must(source->place < size);
	if (format == FORMAT_PCAPNG && (memcmp(data + source->place, simple, 4) == 0 ||
					memcmp(data + source->place, simple_big, 4) == 0))
		head = 12;
	must(packet->caplen <= packet->len);
	must(packet->iface < source->interface_count);
	must(packet->ts_ns >= 0);
	must(source->place + head + packet->caplen <= size);
	must(memcmp(packet->data, data + source->place + head, packet->caplen) == 0);
	/* Two comments of the reader's own may be among them (reader_mend). */
	must(packet->options_len % 4 == 0 && packet->options_len <= size + 2 * (4 + 120));
	check_options(packet->options, packet->options_len);
}

struct reading {
	uint64_t digest;
	size_t packets, events;
	enum source_event last;
	/* Of the first packets. */
	uint64_t places[64], digests[64];
};

/* Gives a live reader, whose descriptor is one end of a pair of sockets, the next piece. */
struct feeding {
	int fd; /* the other end */
	size_t piece, at;
};

static inline void
feed(struct reader *file, const uint8_t *data, size_t size, struct feeding *fed)
{
	const size_t left = size - fed->at, count = left < fed->piece ? left : fed->piece;

	must(fed->fd >= 0);
	if (count == 0) {
		close(fed->fd);
		fed->fd = -1;
	}
	must(count == 0 || write(fed->fd, data + fed->at, count) == (ssize_t)count);
	fed->at += count;
	reader_fill(file);
	if (fed->piece <= size || fed->fd < 0)
		return;
	close(fed->fd);
	fed->fd = -1;
	reader_fill(file);
}

static inline void
read_fed(struct reader *file, const uint8_t *data, size_t size, struct feeding fed,
	 struct reading *reading)
{
	struct source *source = reader_source(file);
	uint64_t before = 0;
	struct packet packet;
	struct failure why;

	*reading = (struct reading){.digest = 1};
	while ((reading->last = source->next(source, &packet, &why)) != SOURCE_END &&
	       reading->last != SOURCE_CUT) {
		if (reading->last == SOURCE_LATER) {
			feed(file, data, size, &fed);
			continue;
		}
		must(++reading->events <= size / 12 + 1);
		must(reading->events == 1 || source->place > before);
		before = source->place;
		if (reading->last == SOURCE_STATISTICS)
			must(source->interfaces[packet.iface].statistics.valid);
		if (reading->last == SOURCE_NOTE)
			must(source->note.size % 4 == 0 && source->note.size < size);
		if (reading->last != SOURCE_PACKET)
			continue;
		check_packet(source, &packet, data, size, reader_format(file));
		if (reading->packets < 64) {
			reading->places[reading->packets] = source->place;
			reading->digests[reading->packets] = digest_packet(&packet);
		}
		reading->packets++;
		reading->digest = digest(reading->digest, &packet.ts_ns, sizeof(packet.ts_ns));
		reading->digest = reading->digest * 31 + digest_packet(&packet);
	}
	if (reading->last == SOURCE_CUT)
		must(why.text[0]);
	must(source->next(source, &packet, NULL) == reading->last);
	for (uint32_t i = 0; i < source->interface_count; i++)
		check_options(source->interfaces[i].options, source->interfaces[i].options_len);
}

static inline void
read_all(struct reader *file, const uint8_t *data, size_t size, struct reading *reading)
{
	read_fed(file, data, size, (struct feeding){.fd = -1}, reading);
}

/* As a stream: what has come by then is read as a file is; in pieces it ends, whatever they are. */
static inline void
check_live(const uint8_t *data, size_t size, const struct reading *whole)
{
	for (size_t piece = 1 + size / 7;; piece = size + 1) {
		struct reading live;
		struct failure why;
		struct reader *file;
		int ends[2];

		must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
		file = reader_open_live_fd(ends[0], "input", size + 1, &why);
		must(file);
		read_fed(file, data, size, (struct feeding){ends[1], piece, 0}, &live);
		if (piece > size)
			must(live.packets == whole->packets && live.digest == whole->digest);
		reader_close(file);
		close(ends[0]);
		if (piece > size)
			return;
	}
}

/* Revisited, each place yields the same packet. */
static inline void
check_revisits(struct reader *file, const struct reading *reading)
{
	struct source *source = reader_source(file);
	size_t i = reading->packets < 64 ? reading->packets : 64;
	struct packet packet;
	struct failure why;

	while (i-- > 0) {
		must(source->revisit(source, reading->places[i], &why) == 0);
		must(source->next(source, &packet, &why) == SOURCE_PACKET);
		must(source->place == reading->places[i]);
		must(digest_packet(&packet) == reading->digests[i]);
	}
}

/* more() yields the same packets, and each stays as it is until the second turn. */
static inline void
check_more(struct reader *file, const struct reading *reading)
{
	struct source *source = reader_source(file);
	struct packet list[5];
	struct failure why;
	uint64_t hash = 1;
	size_t packets = 0;

	for (;;) {
		size_t count = source->more ? source->more(source, list, 5) : 0;

		if (source->more && count < 5)
			source->turn(source);
		for (size_t i = 0; i < count; i++) {
			hash = digest(hash, &list[i].ts_ns, sizeof(list[i].ts_ns));
			hash = hash * 31 + digest_packet(&list[i]);
		}
		packets += count;
		if (count == 0) {
			enum source_event event = source->next(source, list, &why);

			if (event == SOURCE_END || event == SOURCE_CUT) {
				must(event == reading->last);
				break;
			}
			if (event != SOURCE_PACKET)
				continue;
			hash = digest(hash, &list[0].ts_ns, sizeof(list[0].ts_ns));
			hash = hash * 31 + digest_packet(&list[0]);
			packets++;
		}
	}
	must(packets == reading->packets && hash == reading->digest);
}

#define PIECE_MAX 4096
#define LIVE_MAX  32768 /* what a socket takes at once */

/* A reader of these bytes that reads chunk of them at a time. */
static inline struct reader *
open_in_pieces(const uint8_t *data, size_t size, unsigned char *memory, size_t chunk)
{
	int fd = file_of(data, size);
	struct reader *file;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = reader_open_unread(path, READER_LINKS, NULL);
	must(file);
	close(fd);
	reader_use_memory(file, memory, chunk);
	must(reader_begin(file, NULL) == 0);
	return file;
}

/* A file is the same read in large pieces, in small ones, many packets at a time, and backwards. */
static inline void
check_capture(const uint8_t *data, size_t size)
{
	int fd = file_of(data, size);
	static unsigned char memory[2 * PIECE_MAX];
	struct reading whole, pieces;
	struct failure why;
	struct reader *file = reader_open_fd(fd, "input", &why);

	if (!file) {
		must(why.text[0]);
		close(fd);
		return;
	}
	read_all(file, data, size, &whole);
	check_revisits(file, &whole);
	reader_close(file);

	file = open_in_pieces(data, size, memory, 64);
	read_all(file, data, size, &pieces);
	must(pieces.digest == whole.digest && pieces.last == whole.last);
	must(pieces.events == whole.events);
	reader_close(file);

	if (size < LIVE_MAX)
		check_live(data, size, &whole);
	for (size_t chunk = 64; chunk <= PIECE_MAX; chunk *= 8) {
		file = open_in_pieces(data, size, memory, chunk);
		check_more(file, &whole);
		reader_close(file);
	}
}

#endif
