#include "base/lineset.h"

#include <stdlib.h>
#include <string.h>

/* Parts the text at its newlines. Returns how many lines there are; list may be NULL. */
static size_t
split(char *text, char **list)
{
	size_t count = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length && list)
			list[count] = text;
		count += length > 0;
		text += length;
		if (*text && list)
			*text++ = '\0';
		else if (*text)
			text++;
	}
	return count;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Writes the sorted list to `to`, each line once. */
static void
write_unique(char *to, char *const *list, size_t count)
{
	char *start = to;

	for (size_t i = 0; i < count; i++) {
		if (i && strcmp(list[i - 1], list[i]) == 0)
			continue;
		if (to > start)
			*to++ = '\n';
		to = stpcpy(to, list[i]);
	}
	*to = '\0';
}

char *
lineset_union(const char *a, const char *b)
{
	const size_t size = (a ? strlen(a) : 0) + (b ? strlen(b) : 0) + 2;
	char *text = malloc(size), *result = malloc(size), **list = NULL;
	size_t count;

	if (text && result) {
		stpcpy(stpcpy(stpcpy(text, a ? a : ""), "\n"), b ? b : "");
		list = calloc(split(text, NULL) + 1, sizeof(*list));
	}
	if (!list) {
		free(text);
		free(result);
		return NULL;
	}
	count = split(text, list);
	qsort(list, count, sizeof(*list), compare);
	write_unique(result, list, count);
	free(list);
	free(text);
	return result;
}
