#include "intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opening an input looks at its head only: of thousands that are open, most wait. */
#define FIRST_READ 4096

void
intake_init(struct intake *in, int fd, size_t chunk)
{
	*in = (struct intake){.fd = fd, .chunk = chunk};
}

void
intake_release(struct intake *in)
{
	free(in->bytes);
	*in = (struct intake){.fd = -1};
}

/* Moves what is left to the front of a buffer that has room for `need` bytes. */
static int
make_room(struct intake *in, size_t need)
{
	size_t left = intake_left(in);
	size_t room = in->bytes ? in->chunk : FIRST_READ;

	if (room < need)
		room = need;
	if (room > in->room) {
		unsigned char *bytes = malloc(room);

		if (!bytes)
			return -1;
		if (left)
			memcpy(bytes, in->bytes + in->at, left);
		free(in->bytes);
		in->bytes = bytes;
		in->room = room;
	} else if (left && in->at) {
		memmove(in->bytes, in->bytes + in->at, left);
	}
	in->base += in->at;
	in->at = 0;
	in->end = left;
	return 0;
}

int
intake_fill(struct intake *in, size_t need)
{
	if (in->at_eof)
		return 0;
	if (make_room(in, need) < 0)
		return -1;
	while (in->end < need) {
		ssize_t n = read(in->fd, in->bytes + in->end, in->room - in->end);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0) {
			in->at_eof = true;
			break;
		}
		in->end += (size_t)n;
	}
	return 0;
}
