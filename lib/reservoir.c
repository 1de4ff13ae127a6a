#include "reservoir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART (64u << 10) /* as much as a pipe holds */

struct reservoir_part {
	struct reservoir_part *next;
	size_t at, end;
	unsigned char bytes[PART];
};

void
reservoir_init(struct reservoir *reservoir, size_t most)
{
	*reservoir = (struct reservoir){.most = most};
}

void
reservoir_release(struct reservoir *reservoir)
{
	while (reservoir->first) {
		struct reservoir_part *next = reservoir->first->next;

		free(reservoir->first);
		reservoir->first = next;
	}
	reservoir_init(reservoir, 0);
}

static struct reservoir_part *
add_part(struct reservoir *reservoir)
{
	struct reservoir_part *part = malloc(sizeof(*part));

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
reservoir_fill(struct reservoir *reservoir, int fd)
{
	struct reservoir_part *part = reservoir->last;
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
reservoir_take(struct reservoir *reservoir, void *to, size_t size)
{
	struct reservoir_part *part = reservoir->first;
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
