/*
 * Bytes that come in pieces, as lines. A line that is longer than the room is handed out as far as
 * it fits, and the rest of it is left out.
 *
 *	size_t room;
 *	char *space = linereader_space(&reader, &room);
 *	linereader_filled(&reader, read(fd, space, room));
 *	while ((line = linereader_next(&reader)))
 *		...
 */
#ifndef VCAP_LINEREADER_H
#define VCAP_LINEREADER_H

#include <stdbool.h>
#include <stddef.h>

#define LINEREADER_ROOM 16384

struct linereader {
	size_t start, used;
	bool skips; /* the rest of a line that was too long */
	char bytes[LINEREADER_ROOM];
};

/* Forgets what there is. */
void linereader_init(struct linereader *reader);

/* Where the next bytes go, and how many at most (at least one). Only after linereader_next has
 * returned NULL. */
char *linereader_space(struct linereader *reader, size_t *room);
void linereader_filled(struct linereader *reader, size_t size);

/* The next line without its newline, valid until more bytes come; a NUL within ends it. NULL: none
 * is whole. */
char *linereader_next(struct linereader *reader);

/* What is left after the last newline, once no more will come; NULL: nothing. */
char *linereader_rest(struct linereader *reader);

#endif
