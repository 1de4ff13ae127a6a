/*
 * Bytes read ahead from a descriptor (file, pipe, device) into one buffer: large reads, and the
 * caller looks at them where they are.
 */
#ifndef VCAP_INBUF_H
#define VCAP_INBUF_H

#include "base/bytequeue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct inbuf {
	int fd;               /* the caller's */
	unsigned char *bytes; /* heap, owned */
	size_t room, at, end; /* bytes[at..end) have been read and not been used */
	unsigned char
	    *spare; /* the buffer before the last turn; heap, owned; NULL before the first */
	size_t spare_room;
	size_t chunk;              /* how large a buffer to read into */
	const unsigned char *lent; /* two buffers of the caller's, of chunk bytes each; or NULL */
	uint64_t base;             /* the place of bytes[0] in the input */
	bool at_eof;
	bool can_seek;    /* a regular file: read by position, and the descriptor's own stays */
	const char *path; /* parked: opened anew for each read; the caller's */
	dev_t device;     /* of a regular file */
	ino_t inode;
	struct bytequeue *queue; /* read from this instead of the descriptor; the caller's */
};

/* Nothing is read yet. chunk is how many bytes to read at a time, but for a first, small read. */
void inbuf_init(struct inbuf *in, int fd, size_t chunk);
void inbuf_release(struct inbuf *in);

/* Reads into this memory of the caller's, of two chunks of this size, rather than its own. Nothing
 * has been read yet. */
void inbuf_use_memory(struct inbuf *in, unsigned char *memory, size_t chunk);

/*
 * Reads until `need` bytes are there or the input ends. bytes may move. 0, or -1 with errno set
 * (no memory, or a read that failed; EAGAIN if a queue does not hold as much yet).
 */
int inbuf_fill(struct inbuf *in, size_t need);

/*
 * Reads more into the other of two buffers, and takes what is left along: what has been used since
 * the turn before stays where it is until the next turn, or inbuf_fill. Whether anything was read;
 * if not, inbuf_fill tells why.
 */
bool inbuf_turn(struct inbuf *in);

static inline size_t
inbuf_left(const struct inbuf *in)
{
	return in->end - in->at;
}

/* The place in the input of the next byte. */
static inline uint64_t
inbuf_offset(const struct inbuf *in)
{
	return in->base + in->at;
}

/* Whether the byte at this offset is in the buffer. */
static inline bool
inbuf_holds(const struct inbuf *in, uint64_t offset)
{
	return offset >= in->base && offset < in->base + in->end;
}

/* Closes the descriptor of a regular file, and from now on opens it by this path whenever more is
 * read: of thousands of inputs not all can be open. A path that then names another file is ESTALE.
 */
void inbuf_close_between_reads(struct inbuf *in, const char *path);

/* Goes to an offset of a file that can seek. */
void inbuf_seek(struct inbuf *in, uint64_t offset);

/* As inbuf_fill; cheap when the bytes are there. */
static inline int
inbuf_want(struct inbuf *in, size_t need)
{
	return inbuf_left(in) >= need ? 0 : inbuf_fill(in, need);
}

#endif
