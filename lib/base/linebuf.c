/*
 * Bytes are appended behind those that are unread, and moved to the front only when more room is
 * asked for: once a read, not once a line. Lines are cut in place, their newlines becoming NULs.
 */
#include "base/linebuf.h"

#include <string.h>

void
linebuf_init(struct linebuf *buf)
{
	buf->start = buf->used = 0;
	buf->skips = false;
}

char *
linebuf_space(struct linebuf *buf, size_t *room)
{
	memmove(buf->bytes, buf->bytes + buf->start, buf->used - buf->start);
	buf->used -= buf->start;
	buf->start = 0;
	/* One byte is for the NUL of the last line. */
	*room = sizeof(buf->bytes) - 1 - buf->used;
	return buf->bytes + buf->used;
}

void
linebuf_filled(struct linebuf *buf, size_t size)
{
	buf->used += size;
}

char *
linebuf_next(struct linebuf *buf)
{
	for (;;) {
		char *line = buf->bytes + buf->start;
		size_t left = buf->used - buf->start;
		char *newline = memchr(line, '\n', left);
		bool skipped = buf->skips;

		if (newline) {
			*newline = '\0';
			buf->start += (size_t)(newline + 1 - line);
			buf->skips = false;
		} else if (left + 1 == sizeof(buf->bytes)) {
			line[left] = '\0';
			buf->start = buf->used = 0;
			buf->skips = true;
		} else {
			return NULL;
		}
		if (!skipped)
			return line;
	}
}

char *
linebuf_rest(struct linebuf *buf)
{
	char *line = buf->bytes + buf->start;

	if (buf->skips || buf->used == buf->start)
		return NULL;
	buf->bytes[buf->used] = '\0';
	buf->start = buf->used;
	return line;
}
