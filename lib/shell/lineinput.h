/*
 * Where vcap shell has its lines from: a script, or somebody at a terminal.
 */
#ifndef VCAP_LINEINPUT_H
#define VCAP_LINEINPUT_H

#include "base/failure.h"
#include "shell/lineedit.h"

#include <stdio.h>

struct lineinput {
	FILE *script;            /* the caller's */
	struct lineedit *prompt; /* not NULL: a terminal instead; the caller's */
	unsigned line;           /* of the script, the last one read; the first is 1 */
};

/*
 * The next line, without its end, and what it begins to wait with at a terminal. A line that is
 * dropped there is empty, and the end is `exit`. 1 with *line on the heap, 0 at the end of the
 * script, -1 on failure.
 */
int lineinput_next(struct lineinput *dictation, const char *label, char **line,
		   struct failure *why);

/* The answer to a question, likewise; of a script, the next line. 0: there is none. */
int lineinput_ask(struct lineinput *dictation, const char *question, char **line,
		  struct failure *why);

#endif
