/*
 * A list of parts of 64 KiB: reads go to the end of the last one, and bytes are taken from the
 * first, so that nothing is moved and memory follows what is held. The last part is kept when it is
 * empty, since a queue that is read as fast as it is filled would allocate one for every read.
 */
#include "base/bytequeue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART (64u << 10) /* as much as a pipe holds */

struct bytequeue_part {
	struct bytequeue_part *next;
	size_t at, end;
	unsigned char bytes[PART];
};

void
bytequeue_init(struct bytequeue *queue, size_t most)
{
	*queue = (struct bytequeue){.most = most};
}

void
bytequeue_release(struct bytequeue *queue)
{
	while (queue->first) {
		struct bytequeue_part *next = queue->first->next;

		free(queue->first);
		queue->first = next;
	}
	bytequeue_init(queue, 0);
}

void
bytequeue_restart(struct bytequeue *queue)
{
	const struct bytequeue was = *queue;

	bytequeue_release(queue);
	queue->most = was.most;
	queue->goes_on = was.goes_on;
}

static struct bytequeue_part *
add_part(struct bytequeue *queue)
{
	struct bytequeue_part *part = malloc(sizeof(*part));

	if (!part)
		return NULL;
	part->next = NULL;
	part->at = part->end = 0;
	if (queue->last)
		queue->last->next = part;
	else
		queue->first = part;
	queue->last = part;
	return part;
}

void
bytequeue_fill(struct bytequeue *queue, int fd)
{
	struct bytequeue_part *part = queue->last;
	ssize_t n = -1;

	if (!part || part->end == PART)
		part = add_part(queue);
	errno = ENOMEM;
	if (part)
		n = read(fd, part->bytes + part->end, PART - part->end);
	if (n > 0) {
		part->end += (size_t)n;
		queue->held += (size_t)n;
	} else if (n == 0) {
		queue->at_eof = true;
	} else if (errno != EINTR && errno != EAGAIN) {
		queue->error = errno;
		queue->at_eof = true;
	}
}

ssize_t
bytequeue_take(struct bytequeue *queue, void *to, size_t size)
{
	struct bytequeue_part *part = queue->first;
	size_t n;

	if (queue->held == 0) {
		errno = queue->at_eof && !queue->goes_on ? queue->error : EAGAIN;
		return errno ? -1 : 0;
	}
	n = part->end - part->at < size ? part->end - part->at : size;
	memcpy(to, part->bytes + part->at, n);
	part->at += n;
	queue->held -= n;
	if (part->at < part->end)
		return (ssize_t)n;
	/* The last part is kept, for the next read. */
	part->at = part->end = 0;
	if (part != queue->last) {
		queue->first = part->next;
		free(part);
	}
	return (ssize_t)n;
}
