#include "base/shquote.h"

#include "base/strvec.h"

#include <stdlib.h>
#include <string.h>

char *
shquote_join(char *const *words)
{
	size_t size = 1;
	char *line, *to;

	for (char *const *word = words; *word; word++) {
		size += 3;
		for (const char *s = *word; *s; s++)
			size += *s == '\'' ? 4 : 1;
	}
	line = to = calloc(size, 1);
	if (!line)
		return NULL;
	for (char *const *word = words; *word; word++) {
		if (word != words)
			*to++ = ' ';
		*to++ = '\'';
		for (const char *s = *word; *s; s++)
			if (*s == '\'')
				to = mempcpy(to, "'\\''", 4);
			else
				*to++ = *s;
		*to++ = '\'';
	}
	*to = '\0';
	return line;
}

/* Reads the word at the start of line into to, which has room for it, and returns its end in line;
 * NULL if it is not quoted. */
static const char *
unquote(const char *line, char *to)
{
	const char *end;

	for (;;) {
		if (*line++ != '\'' || !(end = strchr(line, '\'')))
			return NULL;
		to = mempcpy(to, line, (size_t)(end - line));
		line = end + 1;
		if (strncmp(line, "\\'", 2) != 0)
			break;
		*to++ = '\'';
		line += 2;
	}
	*to = '\0';
	return line;
}

char **
shquote_split(const char *line, struct failure *why)
{
	struct strvec words = STRVEC_INIT;
	char *word = malloc(strlen(line) + 1);
	char **list;

	for (const char *from = line; word && from;) {
		from = unquote(from, word);
		if (from)
			strvec_push(&words, word);
		if (from && *from == '\0')
			break;
		if (!from || *from++ != ' ') {
			failure_set(why, "not a command line of vcap-on: '%s'", line);
			strvec_release(&words);
			free(word);
			return NULL;
		}
	}
	words.failed |= !word;
	free(word);
	list = strvec_detach(&words);
	if (!list)
		failure_nomem(why);
	return list;
}
