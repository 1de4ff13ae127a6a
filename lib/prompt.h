/*
 * A line from somebody at a terminal: edited, completed with Tab, remembered. `?` shows what may
 * come next without being part of the line (^V? is). ^C drops the line, ^D in an empty one is the
 * end.
 */
#ifndef VCAP_PROMPT_H
#define VCAP_PROMPT_H

#include "failure.h"
#include "grammar.h"

struct prompt;

/* Calls take for what may come in the place of the last word of text. */
typedef void prompt_next(void *source, const char *text, grammar_take *take, void *context);

/* The terminal is standard input and output. history is the file of lines typed before, which is
 * made with mode 0600 if it is not there; NULL: none. NULL: no memory. */
struct prompt *prompt_new(const char *history, prompt_next *next, void *source);
void prompt_free(struct prompt *prompt);

enum prompt_outcome { PROMPT_LINE, PROMPT_DROPPED, PROMPT_END };

/* Shows label and reads a line into *line: heap, without its end; NULL unless it is PROMPT_LINE. */
enum prompt_outcome prompt_read(struct prompt *prompt, const char *label, char **line);
/* The same for an answer that is a path: Tab completes that, `?` is part of it, and it is not
 * remembered. */
enum prompt_outcome prompt_ask(struct prompt *prompt, const char *label, char **line);

#endif
