#include "base/strvec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
strvec_push_nodup(struct strvec *vec, char *string)
{
	char **list = string ? realloc(vec->list, (vec->count + 2) * sizeof(*list)) : NULL;

	if (!list) {
		free(string);
		vec->failed = true;
		return;
	}
	list[vec->count++] = string;
	list[vec->count] = NULL;
	vec->list = list;
}

void
strvec_push(struct strvec *vec, const char *string)
{
	strvec_push_nodup(vec, strdup(string));
}

void
strvec_pushl(struct strvec *vec, ...)
{
	const char *string;
	va_list strings;

	va_start(strings, vec);
	while ((string = va_arg(strings, const char *)))
		strvec_push(vec, string);
	va_end(strings);
}

void
strvec_pushv(struct strvec *vec, char *const *list)
{
	for (; *list; list++)
		strvec_push(vec, *list);
}

void
strvec_pushf(struct strvec *vec, const char *format, ...)
{
	char *string = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&string, format, args) < 0)
		string = NULL;
	va_end(args);
	strvec_push_nodup(vec, string);
}

char **
strvec_detach(struct strvec *vec)
{
	char **list = vec->list;

	if (vec->failed) {
		strvec_free(list);
		list = NULL;
	}
	*vec = STRVEC_INIT;
	return list;
}

void
strvec_release(struct strvec *vec)
{
	strvec_free(vec->list);
	*vec = STRVEC_INIT;
}

void
strvec_free(char **list)
{
	for (char **string = list; string && *string; string++)
		free(*string);
	free(list);
}

bool
strvec_has(const struct strvec *vec, const char *string)
{
	for (size_t i = 0; i < vec->count; i++)
		if (strcmp(vec->list[i], string) == 0)
			return true;
	return false;
}

char *
strvec_join(const struct strvec *vec, const char *separator)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < vec->count; i++)
		fprintf(out, "%s%s", i ? separator : "", vec->list[i]);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
