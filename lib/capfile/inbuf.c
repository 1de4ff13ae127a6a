/*
 * Two ways to read on. inbuf_fill moves what is left to the front of the buffer and fills it up:
 * used bytes are overwritten. inbuf_turn changes between two buffers, so that packets which were
 * yielded many at a time stay in place while the next ones are read.
 */
#include "capfile/inbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of the first read: to open thousands of inputs only their headers are needed. */
#define FIRST_READ 4096

/* Bytes of a read behind inbuf_read_to. */
#define SMALL_READ 8192

void
inbuf_init(struct inbuf *in, int fd, size_t chunk)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	*in = (struct inbuf){.fd = fd, .chunk = chunk};
	/* Standard input may be a file at any offset (`< FILE`). */
	if (at >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		in->can_seek = true;
		in->device = st.st_dev;
		in->inode = st.st_ino;
		in->base = (uint64_t)at;
	}
}

/* Frees a buffer, unless it is lent. */
static void
drop(const struct inbuf *in, unsigned char *buffer)
{
	if (!in->lent || buffer < in->lent || buffer >= in->lent + 2 * in->chunk)
		free(buffer);
}

void
inbuf_use_memory(struct inbuf *in, unsigned char *memory, size_t chunk)
{
	in->chunk = in->room = in->spare_room = chunk;
	in->lent = in->bytes = memory;
	in->spare = memory + chunk;
}

void
inbuf_release(struct inbuf *in)
{
	drop(in, in->bytes);
	drop(in, in->spare);
	*in = (struct inbuf){.fd = -1};
}

/* Moves the bytes that are left to the front of a buffer with room for `need` bytes. */
static int
make_room(struct inbuf *in, size_t need)
{
	size_t left = inbuf_left(in);
	size_t room = in->bytes ? in->chunk : FIRST_READ;

	if (room < need)
		room = need;
	if (room > in->room) {
		unsigned char *bytes = malloc(room);

		if (!bytes)
			return -1;
		if (left)
			memcpy(bytes, in->bytes + in->at, left);
		drop(in, in->bytes);
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

static ssize_t
open_and_read(const struct inbuf *in, unsigned char *to, size_t size)
{
	int fd = open(in->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), saved;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		errno = ESTALE;
		if (st.st_dev == in->device && st.st_ino == in->inode)
			n = pread(fd, to, size, (off_t)(in->base + in->end));
	}
	saved = errno;
	close(fd);
	errno = saved;
	return n;
}

static ssize_t
read_more(const struct inbuf *in)
{
	unsigned char *to = in->bytes + in->end;
	size_t size = in->room - in->end;

	if (in->soon_to) {
		const uint64_t at = in->base + in->end;
		const uint64_t most = at < in->soon_to ? in->soon_to - at : SMALL_READ;

		if (size > most)
			size = most;
	}
	if (in->read)
		return in->read(in->context, to, size);
	if (in->queue)
		return bytequeue_take(in->queue, to, size);
	if (in->path)
		return open_and_read(in, to, size);
	if (in->can_seek)
		return pread(in->fd, to, size, (off_t)(in->base + in->end));
	return read(in->fd, to, size);
}

int
inbuf_fill(struct inbuf *in, size_t need)
{
	if (in->at_eof)
		return 0;
	if (make_room(in, need) < 0)
		return -1;
	while (in->end < need) {
		ssize_t n = read_more(in);

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

/* Makes the spare buffer as large as a read. False: out of memory. */
static bool
has_spare(struct inbuf *in)
{
	unsigned char *spare;

	if (in->spare_room >= in->chunk)
		return true;
	spare = malloc(in->chunk);
	if (!spare)
		return false;
	drop(in, in->spare);
	in->spare = spare;
	in->spare_room = in->chunk;
	return true;
}

bool
inbuf_is_ready(const struct inbuf *in)
{
	struct pollfd poller = {in->fd, POLLIN, 0};

	if (in->at_eof || in->can_seek || in->queue)
		return in->at_eof || in->can_seek;
	return in->read || poll(&poller, 1, 0) != 0;
}

bool
inbuf_turn(struct inbuf *in)
{
	const size_t left = inbuf_left(in);
	struct inbuf turned = *in;
	ssize_t n;

	if (in->at_eof || left >= in->chunk || !has_spare(in))
		return false;
	turned.bytes = in->spare;
	turned.room = in->spare_room;
	turned.spare = in->bytes;
	turned.spare_room = in->room;
	turned.spare_base = in->base;
	turned.base += in->at;
	turned.at = 0;
	turned.end = left;
	n = read_more(&turned);
	in->at_eof = n == 0;
	if (n <= 0)
		return false;
	if (left)
		memcpy(turned.bytes, in->bytes + in->at, left);
	turned.end += (size_t)n;
	*in = turned;
	return true;
}

int
inbuf_read_through(struct inbuf *in, struct inbuf *below, inbuf_read *read, void *context)
{
	const size_t left = inbuf_left(in);
	const size_t room = left > in->chunk ? left : in->chunk;
	unsigned char *bytes = malloc(room);

	if (!bytes)
		return -1;
	memcpy(bytes, in->bytes + in->at, left);
	*below = *in;
	below->bytes = bytes;
	below->room = room;
	below->at = 0;
	below->end = left;
	below->base += in->at;
	below->spare = NULL;
	below->spare_room = 0;
	below->lent = NULL;
	in->at = in->end = 0;
	in->base = 0;
	in->at_eof = in->can_seek = false;
	in->path = NULL;
	in->read = read;
	in->context = context;
	return 0;
}

void
inbuf_read_to(struct inbuf *in, uint64_t offset)
{
	in->soon_to = offset;
}

void
inbuf_seek(struct inbuf *in, uint64_t offset)
{
	if (inbuf_holds(in, offset)) {
		in->at = (size_t)(offset - in->base);
		return;
	}
	in->base = offset;
	in->at = in->end = 0;
	in->at_eof = false;
}

void
inbuf_close_between_reads(struct inbuf *in, const char *path)
{
	if (!in->can_seek || in->path)
		return;
	close(in->fd);
	in->fd = -1;
	in->path = path;
}
