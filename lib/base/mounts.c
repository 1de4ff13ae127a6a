/*
 * A line is DEVICE DIRECTORY TYPE OPTIONS and two numbers, with octal escapes for blanks and
 * backslashes. A path lies on the file system with the longest directory above it; of two with the same
 * one the later covers the other.
 */
#include "base/mounts.h"

#include <stddef.h>
#include <string.h>

struct word {
	const char *at;
	size_t length;
};

static struct word
next_word(const char **at, const char *end)
{
	struct word word = {*at, 0};

	while (word.at + word.length < end && word.at[word.length] != ' ')
		word.length++;
	*at = word.at + word.length;
	if (*at < end)
		++*at;
	return word;
}

static bool
is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* The next character of the word at *i, which moves behind it. */
static char
next_character(struct word word, size_t *i)
{
	const char *at = word.at + *i;
	const bool is_escape = *at == '\\' && *i + 4 <= word.length && at[1] <= '3' &&
			       is_octal(at[1]) && is_octal(at[2]) && is_octal(at[3]);

	*i += is_escape ? 4 : 1;
	return is_escape ? (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0')) : *at;
}

/* How many characters of the path are the directory; 0: the path is not below it. */
static size_t
length_above(struct word directory, const char *path)
{
	size_t length = 0;

	for (size_t i = 0; i < directory.length; length++)
		if (path[length] == '\0' || next_character(directory, &i) != path[length])
			return 0;
	if (length == 1 && *path == '/')
		return length;
	return path[length] == '/' || path[length] == '\0' ? length : 0;
}

static bool
has_option(struct word options, const char *option)
{
	const size_t length = strlen(option);

	for (size_t from = 0, to; from < options.length; from = to + 1) {
		for (to = from; to < options.length && options.at[to] != ',';)
			to++;
		if (to - from == length && memcmp(options.at + from, option, length) == 0)
			return true;
	}
	return false;
}

bool
mounts_have(const char *text, const char *path, const char *option)
{
	size_t longest = 0;
	bool has = false;

	while (*text) {
		const char *end = strchrnul(text, '\n'), *at = text;
		struct word directory;
		size_t length;

		next_word(&at, end);
		directory = next_word(&at, end);
		next_word(&at, end);
		length = length_above(directory, path);
		if (length > 0 && length >= longest) {
			longest = length;
			has = has_option(next_word(&at, end), option);
		}
		text = *end ? end + 1 : end;
	}
	return has;
}
