/*
 * Reads the lines of vcap shell: from a script, or from a terminal, where lines are edited,
 * completed by Tab and kept in a history. There `?` shows what may come next and is not inserted
 * (^V? inserts it), ^C drops the line, and ^D in an empty one is the end.
 */
#ifndef VCAP_LINEEDIT_H
#define VCAP_LINEEDIT_H

#include "base/failure.h"
#include "shell/grammar.h"

#include <stdbool.h>
#include <stdio.h>

struct lineedit;

/* Calls take for each word that can replace the last, perhaps empty, word of text, the line up to
 * the cursor. */
typedef void lineedit_completer(void *source, const char *text, grammar_take *take, void *context);

/* Reads from a file, which stays the caller's. NULL: out of memory. */
struct lineedit *lineedit_open_script(FILE *in);
/* Reads from the terminal that is standard input and output. history is the path of the file that
 * lines are kept in, created with mode 0600; NULL: they are not kept. source is passed to complete.
 * Returns NULL if the terminal cannot be used, or memory is short. */
struct lineedit *lineedit_open_terminal(const char *history, lineedit_completer *complete,
					void *source);
/* Frees edit, which may be NULL. */
void lineedit_close(struct lineedit *edit);

/* Whether it reads from a terminal. */
bool lineedit_is_terminal(const struct lineedit *edit);
/* The number of the line of a script that was read last, or could not be; the first is 1. */
unsigned lineedit_number(const struct lineedit *edit);

enum lineedit_outcome {
	LINEEDIT_LINE,
	LINEEDIT_END,       /* of the script, or no answer to a question */
	LINEEDIT_MALFORMED, /* not text, with why */
	LINEEDIT_FAILED,    /* a read error or no memory, with why */
};

/* Reads the next line, without its newline, into *line, on the heap; NULL unless the outcome is
 * LINEEDIT_LINE. A terminal shows prompt, returns a dropped line as "" and the end as "exit". */
enum lineedit_outcome lineedit_read(struct lineedit *edit, const char *prompt, char **line,
				    struct failure *why);
/* As lineedit_read, for an answer that is a path: on a terminal Tab completes paths, `?` is
 * inserted, the line is not kept in the history, and a dropped line is LINEEDIT_END. */
enum lineedit_outcome lineedit_ask(struct lineedit *edit, const char *question, char **line,
				   struct failure *why);

#endif
