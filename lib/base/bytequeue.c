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
bytequeue_init(struct bytequeue *reservoir, size_t most)
{
	*reservoir = (struct bytequeue){.most = most};
}

void
bytequeue_release(struct bytequeue *reservoir)
{
	while (reservoir->first) {
		struct bytequeue_part *next = reservoir->first->next;

		free(reservoir->first);
		reservoir->first = next;
	}
	bytequeue_init(reservoir, 0);
}

static struct bytequeue_part *
add_part(struct bytequeue *reservoir)
{
	struct bytequeue_part *part = malloc(sizeof(*part));

	if (!part)
		return NULL;
	part->next = NULL;
	part->at = part->end = 0;
	if (reservoir->last)
		reservoir->last->next = part;
	else
		reservoir->first = part;
	reservoir->last = part;
	return part;
}

void
bytequeue_fill(struct bytequeue *reservoir, int fd)
{
	struct bytequeue_part *part = reservoir->last;
	ssize_t n = -1;

	if (!part || part->end == PART)
		part = add_part(reservoir);
	errno = ENOMEM;
	if (part)
		n = read(fd, part->bytes + part->end, PART - part->end);
	if (n > 0) {
		part->end += (size_t)n;
		reservoir->held += (size_t)n;
	} else if (n == 0) {
		reservoir->at_eof = true;
	} else if (errno != EINTR && errno != EAGAIN) {
		reservoir->error = errno;
		reservoir->at_eof = true;
	}
}

ssize_t
bytequeue_take(struct bytequeue *reservoir, void *to, size_t size)
{
	struct bytequeue_part *part = reservoir->first;
	size_t n;

	if (reservoir->held == 0) {
		errno = reservoir->at_eof ? reservoir->error : EAGAIN;
		return errno ? -1 : 0;
	}
	n = part->end - part->at < size ? part->end - part->at : size;
	memcpy(to, part->bytes + part->at, n);
	part->at += n;
	reservoir->held -= n;
	if (part->at < part->end)
		return (ssize_t)n;
	/* The last one is kept for what comes next. */
	part->at = part->end = 0;
	if (part != reservoir->last) {
		reservoir->first = part->next;
		free(part);
	}
	return (ssize_t)n;
}
