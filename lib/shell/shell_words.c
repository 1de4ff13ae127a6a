#include "shell/shell_words.h"

#include "controller/config.h"

#include <stdlib.h>
#include <string.h>

/* The index of the first word of a service's name; 0: the command has none. */
static size_t
find_name(const struct strvec *words)
{
	static const char *const before[] = {"do", "show", "debug", "virtualservice"};
	size_t at = 0;

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		const bool is_there = at < words->count && strcmp(words->list[at], before[i]) == 0;

		if (!is_there && i >= 2)
			return 0;
		at += is_there;
	}
	return at;
}

/* Joins these words, the last one not included, if they are an alias: 1; 0: they are none. */
static int
join(const struct shell *shell, struct strvec *words, size_t first, size_t end, struct failure *why)
{
	struct strvec name = {.list = words->list + first, .count = end - first},
		      joined = STRVEC_INIT;
	char *text = strvec_join(&name, " "), *service = NULL;
	bool is_alias = false;

	if (text && config_resolve(&service, text, shell->variable, NULL) == 0)
		is_alias = strcmp(service, text) != 0;
	for (size_t i = 0; is_alias && i < words->count; i++)
		if (i <= first || i >= end)
			strvec_push(&joined, i == first ? text : words->list[i]);
	free(text);
	free(service);
	if (!is_alias)
		return text ? 0 : failure_nomem(why);
	strvec_release(words);
	*words = joined;
	return words->failed ? failure_nomem(why) : 1;
}

int
shell_join_name(const struct shell *shell, struct strvec *words, struct failure *why)
{
	const size_t first = find_name(words);
	int rc = 0;

	for (size_t end = words->count; first > 0 && rc == 0 && end > first + 1; end--)
		rc = join(shell, words, first, end, why);
	return rc < 0 ? -1 : 0;
}
