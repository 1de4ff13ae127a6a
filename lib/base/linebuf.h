/*
 * Bytes that come in pieces, as lines. A line that is longer than the room is handed out as far as
 * it fits, and the rest of it is left out.
 *
 *	size_t room;
 *	char *space = linebuf_space(&reader, &room);
 *	linebuf_filled(&reader, read(fd, space, room));
 *	while ((line = linebuf_next(&reader)))
 *		...
 */
#ifndef VCAP_LINEBUF_H
#define VCAP_LINEBUF_H

#include <stdbool.h>
#include <stddef.h>

#define LINEBUF_ROOM 16384

struct linebuf {
	size_t start, used;
	bool skips; /* the rest of a line that was too long */
	char bytes[LINEBUF_ROOM];
};

/* Forgets what there is. */
void linebuf_init(struct linebuf *reader);

/* Where the next bytes go, and how many at most (at least one). Only after linebuf_next has
 * returned NULL. */
char *linebuf_space(struct linebuf *reader, size_t *room);
void linebuf_filled(struct linebuf *reader, size_t size);

/* The next line without its newline, valid until more bytes come; a NUL within ends it. NULL: none
 * is whole. */
char *linebuf_next(struct linebuf *reader);

/* What is left after the last newline, once no more will come; NULL: nothing. */
char *linebuf_rest(struct linebuf *reader);

#endif
