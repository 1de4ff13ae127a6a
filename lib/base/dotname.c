#include "base/dotname.h"

#include "base/siphash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEPT (DOTNAME_MAX - 9) /* bytes that a cut name shares with the whole one */

void
dotname_make(char to[DOTNAME_MAX + 1], const char *const *parts)
{
	const struct siphash_key key = {{0, 0}};
	char whole[1024] = "";
	size_t length = 0;

	for (; *parts; parts++)
		if (**parts && length < sizeof(whole))
			length += (size_t)snprintf(whole + length, sizeof(whole) - length, "%s%s",
						   length ? "." : "", *parts);
	if (length <= DOTNAME_MAX)
		strcpy(to, whole);
	else
		snprintf(to, DOTNAME_MAX + 1, "%.*s-%08" PRIx32, KEPT, whole,
			 (uint32_t)siphash(&key, whole, strlen(whole)));
}

int
dotname_split(char *word, const char *parts[3])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	const size_t space = strspn(word, letters);
	char *name = word + space + 1;
	size_t length;

	if (space == 0 || word[space] != '/' || (length = strspn(name, letters)) == 0)
		return -1;
	if (name[length] && (name[length] != ':' || !name[length + 1] ||
			     name[length + 1 + strspn(name + length + 1, letters)]))
		return -1;
	parts[0] = word;
	parts[1] = name;
	parts[2] = name[length] ? name + length + 1 : "";
	word[space] = name[length] = '\0';
	return 0;
}

enum dotname_match
dotname_compare(const char *name, const char *word)
{
	char text[512], whole[DOTNAME_MAX + 1], stem[1024];
	const char *parts[4] = {NULL};
	int length;

	snprintf(text, sizeof(text), "%s", word);
	if (strlen(word) >= sizeof(text) || dotname_split(text, parts) < 0)
		return DOTNAME_OTHER;
	dotname_make(whole, parts);
	if (strcmp(name, whole) == 0)
		return DOTNAME_SAME;
	length = snprintf(stem, sizeof(stem), "%s.%s.", parts[0], parts[1]);
	return !*parts[2] && strncmp(name, stem, length < KEPT ? (size_t)length : KEPT) == 0
		   ? DOTNAME_SOME_PORT
		   : DOTNAME_OTHER;
}
