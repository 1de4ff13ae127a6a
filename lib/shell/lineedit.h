/*
 * Where vcap shell reads lines from: a script, or a terminal, where a line is edited, completed by
 * Tab and remembered. There `?` shows what may come next without being part of the line (^V? is),
 * ^C drops the line, and ^D in an empty one is the end.
 */
#ifndef VCAP_LINEEDIT_H
#define VCAP_LINEEDIT_H

#include "base/failure.h"
#include "shell/grammar.h"

#include <stdbool.h>
#include <stdio.h>

struct lineedit;

/* Calls take for each word that may follow in place of the last word of text, the line up to the
 * cursor. */
typedef void lineedit_completer(void *source, const char *text, grammar_take *take, void *context);

/* Reads from a file, which is borrowed. NULL: out of memory. */
struct lineedit *lineedit_open_script(FILE *in);
/* Reads from the terminal that is standard input and output. history is the file of earlier lines,
 * made with mode 0600 if there is none; NULL: lines are not kept. NULL: the terminal cannot be
 * used, or out of memory. */
struct lineedit *lineedit_open_terminal(const char *history, lineedit_completer *complete,
					void *source);
void lineedit_close(struct lineedit *edit);

bool lineedit_is_terminal(const struct lineedit *edit);
/* The number of the line of a script that was last read, or tried to be; the first is 1. */
unsigned lineedit_number(const struct lineedit *edit);

enum lineedit_outcome {
	LINEEDIT_LINE,
	LINEEDIT_END,       /* of the script, or no answer to a question */
	LINEEDIT_MALFORMED, /* not text, with why */
	LINEEDIT_FAILED,    /* a read error or no memory, with why */
};

/* Reads the next line, without its newline, into *line: heap, for free; NULL unless the outcome is
 * LINEEDIT_LINE. A terminal shows prompt; there a dropped line is empty and the end is `exit`. */
enum lineedit_outcome lineedit_read(struct lineedit *edit, const char *prompt, char **line,
				    struct failure *why);
/* As lineedit_read, for an answer that is a path: at a terminal Tab completes paths, `?` is part of
 * the line, which is not remembered, and a dropped line is no answer. */
enum lineedit_outcome lineedit_ask(struct lineedit *edit, const char *question, char **line,
				   struct failure *why);

#endif
