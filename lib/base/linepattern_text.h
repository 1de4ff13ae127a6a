/*
 * The text of a line pattern (linepattern.h), as those may check it who only pass it on: without libpcre2, which
 * would make their program half again as large.
 */
#ifndef VCAP_LINEPATTERN_TEXT_H
#define VCAP_LINEPATTERN_TEXT_H

#include "base/failure.h"

#define LINEPATTERN_MAX 256 /* bytes of it */

/* Whether the text has a pattern's length and no control characters, without a look at what it says. -1 with why:
 * it has not. */
int linepattern_text_check(const char *text, struct failure *why);

#endif
