/*
 * What the readers of the two formats share: the inside of struct reader. Only capfile.c,
 * pcapread.c, pcapngread.c and pcapngpacket.c include this.
 */
#ifndef VCAP_READER_INT_H
#define VCAP_READER_INT_H

#include "capfile/inbuf.h"
#include "capfile/reader.h"
#include "capfile/tsresol.h"

/* Where a section begins, and what it takes to read on within it. */
struct section_mark {
	uint64_t offset;
	uint32_t interface_base;
	bool swapped;
};

/* As many stretches of a file as may interleave without being read again and again. */
#define READER_CURSORS 7

struct reader {
	struct source source; /* first, so that a source is its file */
	struct inbuf in;
	struct bytequeue reservoir; /* what in reads from, if the file is merge_live */
	char *name;
	bool owns_fd;
	enum reader_format format;
	bool swapped; /* of the other byte order (pcapng: the section at hand) */
	/* SOURCE_END or SOURCE_CUT once reached, and why. */
	enum source_event ended;
	struct failure why;
	struct reader_section section;
	struct reader_section *earlier; /* heap, as much as the array of a power of two holds */
	size_t earlier_count;

	int64_t last_ns; /* of the packet before: simple packet blocks have no time */

	uint32_t fraction_ns; /* pcap: 1000 or 1, and how many make a second */
	uint32_t fractions;

	/* Other places of a file that is read in an order of its own. */
	struct inbuf others[READER_CURSORS];
	unsigned next_other;

	/* pcapng: the section at hand */
	uint32_t section_base; /* its interface 0 */
	struct tsresol *ticks; /* by interface of the source */
	uint32_t interface_room;
	bool is_vcaps;
	bool is_unmarked; /* no statistics came after the newest packet or interface */
	/* All sections so far, and the end of the newest block that is section or interface: what
	 * is before it is known when it is read again. */
	struct section_mark *sections;
	size_t section_count;
	uint64_t known_to;
	unsigned char *scratch; /* a translated block or list of options */
	size_t scratch_room;
};

/* Read the rest of the first header, whose first four bytes are there. 0, or -1: no capture file,
 * with why filled. A header that is cut off is 0 and sets ended. */
int pcap_begin(struct reader *file, struct failure *why);
int pcapng_begin(struct reader *file, struct failure *why);

enum source_event pcap_next(struct source *source, struct packet *packet, struct failure *why);
enum source_event pcapng_next(struct source *source, struct packet *packet, struct failure *why);
size_t pcap_more(struct source *source, struct packet *list, size_t room);
size_t pcapng_more(struct source *source, struct packet *list, size_t room);

/* The least that a pcapng block has: its type and length before the body, its length behind it. */
#define PCAPNG_HEAD      8u
#define PCAPNG_BLOCK_MIN 12u

/* The packet in a block of this type, enhanced or obsolete, with this body; SOURCE_CUT if it is
 * damaged. */
enum source_event pcapng_read_packet(struct reader *file, uint32_t type, const unsigned char *body,
				     size_t size, struct packet *packet, struct failure *why);
/* ... in a simple packet block, which is of interface 0, and at the time of the packet before. */
enum source_event pcapng_read_simple(struct reader *file, const unsigned char *body, size_t size,
				     struct packet *packet, struct failure *why);

/* A failure of a helper: errno EBADMSG is damage (what), anything else is this host's. */
enum source_event pcapng_failed(struct reader *file, struct failure *why, const char *what);

/* Makes file->scratch so large. -1: no memory. */
int reader_reserve_scratch(struct reader *file, size_t size);

/* Sets the byte order and the interfaces of the section that holds the offset. */
void pcapng_enter_section(struct reader *file, uint64_t offset);

/* Makes file->section an empty one that begins here, and puts the one before it away. -1: no
 * memory. */
int reader_begin_section(struct reader *file);

/* Adds an interface to the source, all zero. NULL without memory or beyond READER_INTERFACES. */
#define READER_INTERFACES 65536
struct interface *reader_add_interface(struct reader *file);
/* Removes the newest again. errno stays. */
void reader_drop_interface(struct reader *file);

/* End the source: they set ended, why and file->why, and return the event. Offsets are those of the
 * block at hand. */
enum source_event reader_end(struct reader *file, struct failure *why);
enum source_event reader_damaged(struct reader *file, struct failure *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum source_event reader_truncated(struct reader *file, struct failure *why, const char *what);
/* SOURCE_LATER if it is only that nothing has come yet. */
enum source_event reader_unreadable(struct reader *file, struct failure *why);

static inline uint16_t
get16(const struct reader *file, const unsigned char *p)
{
	uint16_t value;

	__builtin_memcpy(&value, p, sizeof(value));
	return file->swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t
get32(const struct reader *file, const unsigned char *p)
{
	uint32_t value;

	__builtin_memcpy(&value, p, sizeof(value));
	return file->swapped ? __builtin_bswap32(value) : value;
}

static inline uint64_t
get64(const struct reader *file, const unsigned char *p)
{
	uint64_t value;

	__builtin_memcpy(&value, p, sizeof(value));
	return file->swapped ? __builtin_bswap64(value) : value;
}

/* A time, whose high word comes first in either byte order. */
static inline uint64_t
pcapng_count_at(const struct reader *file, const unsigned char *p)
{
	return (uint64_t)get32(file, p) << 32 | get32(file, p + 4);
}

#endif
