/*
 * Words as one line for a POSIX shell, and such a line back to its words: what sshd is handed for a
 * shell, and what a forced command finds of it in SSH_ORIGINAL_COMMAND.
 *
 *	LINE = WORD *(" " WORD)    WORD = "'" *CHAR "'" *("\'" "'" *CHAR "'")
 *
 * Each word is in single quotes, a single quote in it being '\''. Within single quotes nothing has
 * a meaning for a shell, newlines and any other bytes included.
 */
#ifndef VCAP_SHQUOTE_H
#define VCAP_SHQUOTE_H

#include "base/failure.h"

/* The words (NULL-ended) as a line. Heap; NULL: out of memory. */
char *shquote_join(char *const *words);

/* The words of a line that shquote_join has made: heap, for strvec_free. NULL: it has not made this
 * one, or out of memory. */
char **shquote_split(const char *line, struct failure *why);

#endif
