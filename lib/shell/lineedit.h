/*
 * A line from somebody at a terminal: edited, completed with Tab, remembered. `?` shows what may
 * come next without being part of the line (^V? is). ^C drops the line, ^D in an empty one is the
 * end.
 */
#ifndef VCAP_LINEEDIT_H
#define VCAP_LINEEDIT_H

#include "base/failure.h"
#include "shell/grammar.h"

struct lineedit;

/* Calls take for what may come in the place of the last word of text. */
typedef void lineedit_next(void *source, const char *text, grammar_take *take, void *context);

/* The terminal is standard input and output. history is the file of lines typed before, which is
 * made with mode 0600 if it is not there; NULL: none. NULL: no memory. */
struct lineedit *lineedit_new(const char *history, lineedit_next *next, void *source);
void lineedit_free(struct lineedit *prompt);

enum lineedit_outcome { LINEEDIT_LINE, LINEEDIT_DROPPED, LINEEDIT_END };

/* Shows label and reads a line into *line: heap, without its end; NULL unless it is LINEEDIT_LINE.
 */
enum lineedit_outcome lineedit_read(struct lineedit *prompt, const char *label, char **line);
/* The same for an answer that is a path: Tab completes that, `?` is part of it, and it is not
 * remembered. */
enum lineedit_outcome lineedit_ask(struct lineedit *prompt, const char *label, char **line);

#endif
