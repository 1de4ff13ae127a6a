#include "controller/gate_words.h"

#include "base/caller.h"
#include "base/clock.h"
#include "base/parse.h"
#include "filter/service.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

bool
gate_words_take(char *const **next, const char *word)
{
	if (!**next || strcmp(**next, word) != 0)
		return false;
	++*next;
	return true;
}

bool
gate_words_take_some(char *const **next, bool (*is_kind)(const char *word))
{
	if (!**next || !is_kind(**next))
		return false;
	++*next;
	return true;
}

bool
gate_words_is_limit(const char *word, bool headers_only)
{
	int64_t duration;
	uint64_t number;

	if (strncmp(word, "-t", 2) == 0)
		return parse_duration(word + 2, NS_PER_SECOND, &duration, NULL) == 0;
	return (strncmp(word, "-b", 2) == 0 || strncmp(word, "-c", 2) == 0 ||
		(strncmp(word, "-s", 2) == 0 && !headers_only)) &&
	       parse_number(word + 2, UINT64_MAX, &number, NULL) == 0;
}

bool
gate_words_is_token(const char *word)
{
	return strncmp(word, "--token=", 8) == 0 && parse_is_token(word + 8);
}

bool
gate_words_is_by(const char *word)
{
	return strncmp(word, "--by=", 5) == 0 && caller_is_word(word + 5);
}

bool
gate_words_is_mode(const char *word)
{
	enum monitor_mode mode;

	return service_parse_mode(word, &mode, NULL) == 0;
}
