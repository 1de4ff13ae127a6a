/*
 * Text from outside (file names, interface names, comments) made safe to show: on a terminal and in
 * JSON. Nothing here depends on the locale.
 */
#ifndef VCAP_TEXT_H
#define VCAP_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Copies from into to (size bytes, always ended by NUL) with everything a terminal could act upon
 * written as \xHH: C0 and C1 controls, DEL, bytes that are not UTF-8, and the Unicode
 * bidirectional controls (U+200E, U+200F, U+202A-U+202E, U+2066-U+2069). A backslash stays as it
 * is. What does not fit is cut before the character that would not. Returns to.
 */
char *text_escape(char *to, size_t size, const char *from);

/* text_escape, line by line: newlines and tabs stay. Heap; NULL: out of memory. */
char *text_escape_lines(const char *from);
/* Writes that to out. 0, or -1: out of memory. */
int text_put_lines(FILE *out, const char *from);
/* Makes a `?` of each such character in text, which may become shorter; newlines and tabs stay. */
void text_tame_lines(char *text);

/*
 * Copies from into to (size bytes, at least 8, always ended by NUL). What does not fit loses its
 * middle, where "..." stands then: a third of the room is the beginning, the rest the end. No UTF-8
 * character is cut in two. Returns to.
 */
char *text_abridge(char *to, size_t size, const char *from);

/* The last line of text that is not empty, without its end, which is cut off from text. Points into
 * text. */
char *text_last_line(char *text);

/* Removes a byte order mark (U+FEFF) at the head of text, as editors of Windows write it. */
void text_drop_mark(char *text);

/* Writes from as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD. */
void text_json(FILE *out, const char *from);

#define TEXT_SIZE 24 /* bytes */

/* Writes a size in bytes with a unit, a power of 1024: "893", "1.2k", "45M". Returns to. */
char *text_size(uint64_t size, char to[TEXT_SIZE]);

#endif
