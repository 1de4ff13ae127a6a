/*
 * A regular expression for lines that outsiders write, such as those of a log: what a pattern may say, and
 * what it may cost on a line, is bounded. The only module that knows libpcre2.
 */
#ifndef VCAP_LINEPATTERN_H
#define VCAP_LINEPATTERN_H

#include "base/failure.h"
#include "base/linepattern_text.h"

#include <stddef.h>

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

#endif
