#include "base/abilities.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool
has_word(const char *words, const char *word, size_t length)
{
	for (; *words; words += strspn(words, " ")) {
		const size_t other = strcspn(words, " ");

		if (other == length && memcmp(words, word, length) == 0)
			return true;
		words += other;
	}
	return false;
}

char *
abilities_lacking(const char *ours, const char *said)
{
	/* Each word gets at most one byte more than the blank behind it has. */
	char *text = malloc(2 * strlen(ours) + 1), *end = text;

	for (const char *word = ours; text && *word; word += strspn(word, " ")) {
		const size_t length = strcspn(word, " ");

		if (!has_word(said ? said : "", word, length)) {
			if (end > text)
				end = stpcpy(end, ", ");
			end = mempcpy(end, word, length);
		}
		word += length;
	}
	if (text)
		*end = '\0';
	return text;
}
