#include "base/linebuf.h"

#include <string.h>

void
linebuf_init(struct linebuf *reader)
{
	reader->start = reader->used = 0;
	reader->skips = false;
}

char *
linebuf_space(struct linebuf *reader, size_t *room)
{
	memmove(reader->bytes, reader->bytes + reader->start, reader->used - reader->start);
	reader->used -= reader->start;
	reader->start = 0;
	/* One byte is for the NUL of the last line. */
	*room = sizeof(reader->bytes) - 1 - reader->used;
	return reader->bytes + reader->used;
}

void
linebuf_filled(struct linebuf *reader, size_t size)
{
	reader->used += size;
}

char *
linebuf_next(struct linebuf *reader)
{
	for (;;) {
		char *line = reader->bytes + reader->start;
		size_t left = reader->used - reader->start;
		char *newline = memchr(line, '\n', left);
		bool skipped = reader->skips;

		if (newline) {
			*newline = '\0';
			reader->start += (size_t)(newline + 1 - line);
			reader->skips = false;
		} else if (left + 1 == sizeof(reader->bytes)) {
			line[left] = '\0';
			reader->start = reader->used = 0;
			reader->skips = true;
		} else {
			return NULL;
		}
		if (!skipped)
			return line;
	}
}

char *
linebuf_rest(struct linebuf *reader)
{
	char *line = reader->bytes + reader->start;

	if (reader->skips || reader->used == reader->start)
		return NULL;
	reader->bytes[reader->used] = '\0';
	reader->start = reader->used;
	return line;
}
