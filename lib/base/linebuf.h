/*
 * A line buffer: splits bytes that arrive in pieces into lines. A line longer than LINEBUF_ROOM - 1
 * bytes is cut there; the rest of it is dropped.
 *
 *	size_t room;
 *	char *space = linebuf_space(&buf, &room);
 *	linebuf_filled(&buf, read(fd, space, room));
 *	while ((line = linebuf_next(&buf)))
 *		...
 */
#ifndef VCAP_LINEBUF_H
#define VCAP_LINEBUF_H

#include <stdbool.h>
#include <stddef.h>

#define LINEBUF_ROOM 16384

struct linebuf {
	size_t start, used; /* bytes[start..used) is unread */
	bool skips;         /* the rest of a line that was too long */
	char bytes[LINEBUF_ROOM];
};

/* Empties the buffer. */
void linebuf_init(struct linebuf *buf);

/* Where to put the next bytes; *room is how many fit, at least one. Only after linebuf_next has
 * returned NULL. */
char *linebuf_space(struct linebuf *buf, size_t *room);

/* Says that size bytes, at most *room, were put there. */
void linebuf_filled(struct linebuf *buf, size_t size);

/* The next line without its newline, valid until linebuf_space; a NUL within ends it. NULL: no
 * complete line is left. */
char *linebuf_next(struct linebuf *buf);

/* At end of file: the bytes after the last newline, as a line; NULL if there are none. */
char *linebuf_rest(struct linebuf *buf);

#endif
