#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
words_take(struct words *words, char *word)
{
	char **list = word ? realloc(words->list, (words->count + 2) * sizeof(*list)) : NULL;

	if (!list) {
		free(word);
		words->failed = true;
		return;
	}
	list[words->count++] = word;
	list[words->count] = NULL;
	words->list = list;
}

void
words_add(struct words *words, const char *word)
{
	words_take(words, strdup(word));
}

void
words_add_all(struct words *words, char *const *list)
{
	for (; *list; list++)
		words_add(words, *list);
}

void
words_addf(struct words *words, const char *format, ...)
{
	char *word = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&word, format, args) < 0)
		word = NULL;
	va_end(args);
	words_take(words, word);
}

char **
words_finish(struct words *words)
{
	char **list = words->list;

	if (words->failed) {
		words_free(list);
		list = NULL;
	}
	*words = WORDS_INIT;
	return list;
}

void
words_free(char **list)
{
	for (char **word = list; word && *word; word++)
		free(*word);
	free(list);
}

bool
words_has(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->list[i], word) == 0)
			return true;
	return false;
}

char *
words_join(const struct words *words, const char *separator)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < words->count; i++)
		fprintf(out, "%s%s", i ? separator : "", words->list[i]);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
