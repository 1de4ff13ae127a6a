#include "base/strvec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
strvec_take(struct strvec *words, char *word)
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
strvec_add(struct strvec *words, const char *word)
{
	strvec_take(words, strdup(word));
}

void
strvec_add_all(struct strvec *words, char *const *list)
{
	for (; *list; list++)
		strvec_add(words, *list);
}

void
strvec_addf(struct strvec *words, const char *format, ...)
{
	char *word = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&word, format, args) < 0)
		word = NULL;
	va_end(args);
	strvec_take(words, word);
}

char **
strvec_finish(struct strvec *words)
{
	char **list = words->list;

	if (words->failed) {
		strvec_free(list);
		list = NULL;
	}
	*words = STRVEC_INIT;
	return list;
}

void
strvec_free(char **list)
{
	for (char **word = list; word && *word; word++)
		free(*word);
	free(list);
}

bool
strvec_has(const struct strvec *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->list[i], word) == 0)
			return true;
	return false;
}

char *
strvec_join(const struct strvec *words, const char *separator)
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
