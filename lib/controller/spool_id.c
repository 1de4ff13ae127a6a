#include "controller/spool_id.h"

#include "base/parse.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The N behind the time in an id, which is 1 without one; 0: rest is something else. */
static unsigned long
number_of(const char *rest)
{
	const size_t digits = *rest ? strspn(rest + 1, "0123456789") : 0;

	if (!*rest)
		return 1;
	if (*rest != '-' || digits == 0 || digits > 3 || rest[1 + digits] || rest[1] == '0' ||
	    strcmp(rest, "-1") == 0)
		return 0;
	return strtoul(rest + 1, NULL, 10);
}

/* The time in an id, a part of word, with what follows it; NULL: word is not an id. */
static const char *
time_of(const char *word)
{
	const char *dot = strrchr(word, '.');
	char service[65];

	if (!dot || strlen(dot + 1) < SPOOL_ID_TIME || dot - word >= (ptrdiff_t)sizeof(service))
		return NULL;
	for (int i = 0; i < SPOOL_ID_TIME; i++)
		if (i == 8 ? dot[1 + i] != '_' : !isdigit((unsigned char)dot[1 + i]))
			return NULL;
	if (!number_of(dot + 1 + SPOOL_ID_TIME))
		return NULL;
	memcpy(service, word, (size_t)(dot - word));
	service[dot - word] = '\0';
	return parse_is_name(service) ? dot + 1 : NULL;
}

bool
spool_id_is_valid(const char *word)
{
	return time_of(word) != NULL;
}

bool
spool_id_is_of(const char *word, const char *service)
{
	const char *time = time_of(word);
	size_t length = strlen(service);

	return time && strncmp(word, service, length) == 0 && word + length + 1 == time;
}

void
spool_id_first(const char *id, char *first)
{
	snprintf(first, SPOOL_ID_MAX, "%.*s", (int)(time_of(id) + SPOOL_ID_TIME - id), id);
}

bool
spool_id_next(const char *id, unsigned long most, char *next)
{
	const char *time = time_of(id);
	const unsigned long number = number_of(time + SPOOL_ID_TIME) + 1;
	char first[SPOOL_ID_MAX];

	if (number > most)
		return false;
	spool_id_first(id, first);
	return snprintf(next, SPOOL_ID_MAX, "%s-%lu", first, number) < SPOOL_ID_MAX;
}

int
spool_id_compare(const char *one, const char *other)
{
	const char *time = time_of(one), *other_time = time_of(other);
	unsigned long number = number_of(time + SPOOL_ID_TIME);
	unsigned long other_number = number_of(other_time + SPOOL_ID_TIME);
	int order = strncmp(time, other_time, SPOOL_ID_TIME);

	if (order == 0 && number != other_number)
		return number > other_number ? 1 : -1;
	return order ? order : strcmp(other, one);
}
