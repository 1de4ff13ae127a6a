#include "base/linepattern_text.h"

#include <string.h>

int
linepattern_text_check(const char *text, struct failure *why)
{
	if (!*text)
		return failure_set(why, "the pattern is empty");
	if (strlen(text) > LINEPATTERN_MAX)
		return failure_set(why, "the pattern has more than %d bytes", LINEPATTERN_MAX);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			return failure_set(why, "a pattern has no control characters");
	return 0;
}
