/*
 * The inside of struct reader, and what the readers of both formats share.
 */
#ifndef VCAP_READER_COMMON_INT_H
#define VCAP_READER_COMMON_INT_H

#include "base/bytequeue.h"
#include "capfile/file_section.h"
#include "capfile/format.h"
#include "capfile/gaps.h"
#include "capfile/inbuf.h"
#include "capfile/left_out.h"
#include "capfile/tsresol.h"
#include "capfile/unpack.h"
#include "packet/packet.h"

#define READER_INTERFACES 65536

/* Buffers at other places of a file whose parts are read in turns: it is not read anew for as many
 * interleaved parts. */
#define READER_CURSORS 7

/* Where a section begins, and what it takes to read on within it. */
struct section_mark {
	uint64_t offset;
	uint32_t interface_base, fraction_ns;
	bool swapped;
};

struct reader {
	struct source source; /* first: a source of ours is its reader */
	const struct reader_ops *ops;
	struct inbuf in;
	struct bytequeue queue; /* what in reads from, if the file is live */
	struct unpack *unpack;  /* what in reads through, if the file is compressed; or NULL */
	char *name;
	bool owns_fd;
	bool swapped; /* of the other byte order (pcapng: the section at hand) */
	/* SOURCE_END or SOURCE_CUT once reached, and why. */
	enum source_event ended;
	struct failure why;
	struct file_section section;
	struct file_section *earlier; /* heap; room for the next power of two */
	size_t earlier_count;

	size_t comment_bytes, interface_bytes, section_bytes; /* kept in memory: all are bounded */
	struct left_out left_out;
	uint64_t left_out_to; /* what is before it in the file has been counted */

	struct gaps gaps;
	bool is_damaged; /* why the source has ended */
	/* A live file: what is damaged is being passed over, from there on; and where to look next. */
	bool is_passing;
	uint64_t passed_from;
	size_t search_from;
	struct failure mended; /* where the first packet is that was mended, and why */

	/* Time of the packet before: simple packet blocks have none. 0: there is none. */
	int64_t last_ns;

	/* pcap: nanoseconds in a fraction (1000 or 1), and fractions in a second */
	uint32_t fraction_ns;
	uint32_t fractions;

	struct inbuf cursors[READER_CURSORS];
	unsigned next_cursor;

	/* pcapng: the section at hand. pcap: what begins with a header of its own */
	uint32_t section_base;       /* the source's number of its interface 0; pcap, too */
	struct tsresol *resolutions; /* by interface of the source */
	uint32_t interface_room;
	bool is_unmarked; /* no statistics followed the newest packet or interface */
	/* All sections so far, and the end of the newest header or interface block, of pcap that of
	 * the newest packet: what is before it is known when it is read again. */
	struct section_mark *marks;
	size_t mark_count;
	uint64_t known_to;
	unsigned char *scratch; /* a translated block or list of options */
	size_t scratch_room;
};

/* What a format does. */
struct reader_ops {
	enum format format;
	/* Bytes that begin() reads; 0: next() reads the first header, too, if begin() did not. */
	size_t header;
	size_t before_packet; /* bytes of a record before its packet's */
	/* Whether the first four bytes can be of it: a stream that goes on otherwise may never have a header.
	 * 0, or -1 with why; NULL: they were known to be. */
	int (*check)(struct reader *file, struct failure *why);
	/* Reads the rest of the first header, whose first four bytes are there. 0, or -1 with why:
	 * not a capture file. A header that is cut off is 0 and ends the source. */
	int (*begin)(struct reader *file, struct failure *why);
	/* Those of struct source. */
	enum source_event (*next)(struct source *source, struct packet *packet,
				  struct failure *why);
	size_t (*more)(struct source *source, struct packet *list, size_t room);
	/* Prepares for reading on from an offset in the part that is known; or NULL. */
	void (*enter)(struct reader *file, uint64_t offset);
};

/* Makes file->scratch at least size bytes. -1: out of memory. */
int reader_reserve_scratch(struct reader *file, size_t size);

/* Adds what is left out of the block or record at hand to file->left_out, the first time it is
 * read. */
void reader_leave_out(struct reader *file, struct left_out what);

/* The offset, from..size, of the first good place in the buffer; size: there is none. */
typedef size_t reader_find(struct reader *file, size_t from, size_t size);

/* Moves to the next place that find finds behind the next byte, or to the end of the input; least: how
 * many bytes a record has. -1 with errno: a read failed. */
int reader_search(struct reader *file, size_t least, reader_find *find);

/* Whether what was looked for since in.awaits was cleared may still come, and is worth waiting for. */
static inline bool
reader_awaits(const struct reader *file)
{
	return file->in.awaits && !file->in.at_eof && inbuf_left(&file->in) < INBUF_AHEAD;
}

/*
 * After reader_damaged: has the source go on behind the bytes that `pass` passes over, by reader_search,
 * and notes the gap. SOURCE_PACKET: done; SOURCE_LATER, of a live file: call it again, before anything
 * else is read; SOURCE_CUT: that is how it has ended.
 */
enum source_event reader_pass(struct reader *file, int (*pass)(struct reader *file),
			      struct failure *why);

/* Moves behind the gap that begins at the next byte. False: none is known to. */
bool reader_skip_gap(struct reader *file);

/* Appends an option of pcapng to the packet's, which are in the scratch memory then. -1: out of memory. */
int reader_add_option(struct reader *file, struct packet *packet, uint16_t code, const void *value,
		      size_t size);

/* Counts a record that was mended; what: what was wrong. */
void reader_mended(struct reader *file, const char *what);

/* Counts the packet, which stands at source.place, as mended unless mended is NULL: what its record
 * said. Adds that to it as a comment, and if it is the first behind a gap that, too. -1: out of memory. */
int reader_mend(struct reader *file, struct packet *packet, const char *mended);

/* Puts file->section away, and begins an empty one. -1: out of memory. */
int reader_begin_section(struct reader *file);

/* The section that the offset is in, of at least one that has begun. */
const struct section_mark *reader_section_at(const struct reader *file, uint64_t offset);

/* Adds an interface to the source, all zero. NULL with errno: out of memory, or more than
 * READER_INTERFACES. */
struct interface *reader_add_interface(struct reader *file);
/* Removes the newest again. errno stays. */
void reader_drop_interface(struct reader *file);

/* Says in text that a file of another format begins at the next byte. False: none does; text is unchanged. */
bool reader_tell_other(const struct reader *file, char text[80]);

/*
 * How a source ends. Each sets ended and file->why, copies that to why unless it is NULL, and
 * returns the event. Messages name the offset of the block at hand.
 */
enum source_event reader_end(struct reader *file, struct failure *why);
enum source_event reader_damaged(struct reader *file, struct failure *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum source_event reader_truncated(struct reader *file, struct failure *why, const char *what);
/* A read failed, see errno; SOURCE_LATER if a live file has nothing to read yet. */
enum source_event reader_unreadable(struct reader *file, struct failure *why);
/* A helper failed, see errno: EBADMSG is damage (what), anything else an error of this host. */
enum source_event reader_failed(struct reader *file, struct failure *why, const char *what);
/* Cannot go on, and file->why is filled already. */
enum source_event reader_cut(struct reader *file, struct failure *why);

/* Numbers of the file's byte order. */
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

/* A timestamp of pcapng: the high word comes first in either byte order. */
static inline uint64_t
get_timestamp(const struct reader *file, const unsigned char *p)
{
	return (uint64_t)get32(file, p) << 32 | get32(file, p + 4);
}

#endif
