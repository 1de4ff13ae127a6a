/*
 * A buffer of bytes read ahead from a descriptor (file, pipe, device) or from a queue: reads are
 * large, and the caller parses the bytes in place.
 */
#ifndef VCAP_INBUF_H
#define VCAP_INBUF_H

#include "base/bytequeue.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As read(2), of an input that is made of another one. */
typedef ssize_t inbuf_read(void *context, void *to, size_t size);

/* How far it is worth while to wait for what follows, where that tells whether a live file is damaged: it may
 * bring no more for hours. */
#define INBUF_AHEAD (16u << 10)

struct inbuf {
	int fd;               /* the caller's */
	unsigned char *bytes; /* heap, owned; or lent */
	size_t room, at, end; /* bytes[at..end) have been read and not been used */
	/* The buffer before the last inbuf_turn; heap, owned; or lent; NULL before the first. */
	unsigned char *spare;
	size_t spare_room;
	uint64_t spare_base;       /* the offset of spare[0] in the input */
	size_t chunk;              /* bytes to read at a time */
	const unsigned char *lent; /* two buffers of the caller's, of chunk bytes each; or NULL */
	uint64_t base;             /* the offset of bytes[0] in the input */
	uint64_t soon_to;          /* inbuf_read_to; 0: there is no such offset */
	bool at_eof;
	bool can_seek;    /* a regular file: pread() leaves the offset of the descriptor alone */
	const char *path; /* inbuf_close_between_reads: the caller's */
	dev_t device;     /* of a regular file */
	ino_t inode;
	/* What to read from instead of the descriptor; the caller's; or NULL. */
	struct bytequeue *queue;
	bool awaits;      /* inbuf_peek has looked for bytes that the queue may soon get */
	inbuf_read *read; /* what to read by instead of from the descriptor; or NULL */
	void *context;    /* of read */
};

/* Reads nothing yet. chunk is how many bytes to read at a time; the first read is smaller. */
void inbuf_init(struct inbuf *in, int fd, size_t chunk);
/* Frees the buffers; fd and lent memory stay the caller's. */
void inbuf_release(struct inbuf *in);

/* Before the first read: uses memory, two buffers of chunk bytes each, which the caller owns and
 * keeps until inbuf_release. */
void inbuf_use_memory(struct inbuf *in, unsigned char *memory, size_t chunk);

/* Closes the descriptor of a regular file, and opens path for each read from now on: not all of
 * thousands of inputs can be open at a time. A path that names another file by then is ESTALE. path
 * is borrowed until inbuf_release. Does nothing if the input cannot seek. */
void inbuf_close_between_reads(struct inbuf *in, const char *path);

/* Makes *in an input that is read by that function: *below is then the input that it was, with the
 * bytes that have not been used, which the function reads and the caller releases. The new input cannot
 * seek; its descriptor, queue and memory stay. -1 with errno: out of memory, and nothing has changed. */
int inbuf_read_through(struct inbuf *in, struct inbuf *below, inbuf_read *read, void *context);

/* Of an input that can seek: what is behind that offset will hardly be needed, and is read in small pieces. 0: no such
 * offset, as at first. */
void inbuf_read_to(struct inbuf *in, uint64_t offset);

/* Continues at an offset of an input that can seek. */
void inbuf_seek(struct inbuf *in, uint64_t offset);

/*
 * Reads until `need` bytes are in the buffer or the input ends. bytes may move. 0, or -1 with
 * errno: out of memory, or a failed read; EAGAIN if the queue has less at the moment.
 */
int inbuf_fill(struct inbuf *in, size_t need);

/*
 * Reads once into the other of two buffers, after a copy of the bytes that have not been used:
 * those that have been used since the turn before stay where they are until the next inbuf_turn or
 * inbuf_fill. False if nothing was read; inbuf_fill then tells why.
 */
bool inbuf_turn(struct inbuf *in);

/* Whether a read returns at once: with bytes, with the end, or with an error. */
bool inbuf_is_ready(const struct inbuf *in);

/* Bytes in the buffer that have not been used. */
static inline size_t
inbuf_left(const struct inbuf *in)
{
	return in->end - in->at;
}

/* The offset in the input of the next byte. */
static inline uint64_t
inbuf_offset(const struct inbuf *in)
{
	return in->base + in->at;
}

/* The offset in the input of a byte that has been used and stays where it is (inbuf_turn). */
static inline uint64_t
inbuf_offset_of(const struct inbuf *in, const unsigned char *byte)
{
	return byte >= in->bytes && byte < in->bytes + in->room
		   ? in->base + (uint64_t)(byte - in->bytes)
		   : in->spare_base + (uint64_t)(byte - in->spare);
}

/* Whether the byte at this offset is in the buffer. */
static inline bool
inbuf_holds(const struct inbuf *in, uint64_t offset)
{
	return offset >= in->base && offset < in->base + in->end;
}

/* inbuf_fill, without a call if the bytes are in the buffer. 0 or -1, as there. */
static inline int
inbuf_want(struct inbuf *in, size_t need)
{
	return inbuf_left(in) >= need ? 0 : inbuf_fill(in, need);
}

/* The size bytes that stand offset bytes behind the next one, or NULL: the input ends before, or a read
 * failed. Bytes may move. */
static inline const unsigned char *
inbuf_peek(struct inbuf *in, size_t offset, size_t size)
{
	if (inbuf_want(in, offset + size) < 0) {
		in->awaits |= in->queue && errno == EAGAIN && offset + size <= INBUF_AHEAD;
		return NULL;
	}
	if (inbuf_left(in) < offset + size)
		return NULL;
	return in->bytes + in->at + offset;
}

#endif
