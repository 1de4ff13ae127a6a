/*
 * A regular expression for lines that outsiders write, such as those of a log: what a pattern may say, and
 * what it may cost on a line, is bounded. The only module that knows libpcre2.
 */
#ifndef VCAP_LINEPATTERN_H
#define VCAP_LINEPATTERN_H

#include "base/failure.h"

#include <stddef.h>

#define LINEPATTERN_MAX 256 /* bytes of its text */

struct linepattern;

enum linepattern_verdict {
	LINEPATTERN_OTHER, /* the line does not match */
	LINEPATTERN_MATCH,
	LINEPATTERN_LIMIT, /* it cost too much to tell: no match */
};

/*
 * Compiles a pattern of Perl's kind (pcre2pattern(3)): of bytes, not UTF, 1 to LINEPATTERN_MAX of them,
 * without control characters and without references back to what a group matched. It is searched for
 * anywhere in a line. Free with linepattern_free. NULL with why: it is none of these, or out of memory.
 */
struct linepattern *linepattern_new(const char *text, struct failure *why);

/* Judges a line without its newline, of any bytes. */
enum linepattern_verdict linepattern_judge(const struct linepattern *pattern, const char *line,
					   size_t length);

/* Frees pattern, which may be NULL. */
void linepattern_free(struct linepattern *pattern);

/* Whether the text has a pattern's length and no control characters, without a look at what it says. */
int linepattern_check_text(const char *text, struct failure *why);

#endif
