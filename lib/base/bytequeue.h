/*
 * Bytes taken from a descriptor as they come and kept until a reader asks for them, up to a bound:
 * so that a pipe is emptied while its reader waits for other inputs. The reader never blocks.
 */
#ifndef VCAP_BYTEQUEUE_H
#define VCAP_BYTEQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct bytequeue {
	struct bytequeue_part *first, *last; /* heap, owned */
	size_t held, most;                   /* bytes */
	bool at_eof;                         /* nothing more comes */
	int error;                           /* errno of the read that ended it, or 0 */
};

/* Holds up to about `most` bytes. */
void bytequeue_init(struct bytequeue *reservoir, size_t most);
void bytequeue_release(struct bytequeue *reservoir);

static inline bool
bytequeue_is_full(const struct bytequeue *reservoir)
{
	return reservoir->held >= reservoir->most;
}

/* One read of fd, which poll() has said to be ready. An end of file, a failed read, or want of
 * memory, ends the reservoir: its reader learns of it after the last byte. */
void bytequeue_fill(struct bytequeue *reservoir, int fd);

/* As read(2): up to size bytes; 0 at the end; -1 with errno, EAGAIN when nothing is held now. */
ssize_t bytequeue_take(struct bytequeue *reservoir, void *to, size_t size);

#endif
