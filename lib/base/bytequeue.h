/*
 * A bounded FIFO of bytes: filled from a descriptor whenever it is readable, emptied by a reader
 * that never blocks. So a pipe is drained while its reader waits for other inputs.
 */
#ifndef VCAP_BYTEQUEUE_H
#define VCAP_BYTEQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct bytequeue {
	struct bytequeue_part *first, *last; /* heap, owned */
	size_t held, most;                   /* bytes */
	bool at_eof;                         /* no bytes follow those held */
	bool goes_on;                        /* ... but those of another descriptor will */
	int error;                           /* errno of the read that ended it, or 0 */
};

/* Makes an empty queue for about `most` bytes: it is full from there on, but a read that began
 * below may exceed it by up to 64 KiB. Takes no memory yet. */
void bytequeue_init(struct bytequeue *queue, size_t most);

/* Frees what it holds; it is then an empty queue for no bytes. */
void bytequeue_release(struct bytequeue *queue);

/* Whether to leave the descriptor alone until the reader has taken some. */
static inline bool
bytequeue_is_full(const struct bytequeue *queue)
{
	return queue->held >= queue->most;
}

/* Drops what it holds, and is filled anew: from another descriptor. */
void bytequeue_restart(struct bytequeue *queue);

/* Reads once from fd, which poll() reported readable. End of file, a failed read or a lack of
 * memory ends the queue: the reader sees it after the last byte. */
void bytequeue_fill(struct bytequeue *queue, int fd);

/* As read(2): returns how many of the next size bytes were copied to `to`; 0 at the end of file; -1
 * with errno, which is EAGAIN if none are held but more may follow, be it of another descriptor. */
ssize_t bytequeue_take(struct bytequeue *queue, void *to, size_t size);

#endif
