#include "filter/service_alias.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r";
static const char keyword[] = "alias";

/* What follows the keyword; NULL: the line begins with another one. */
static const char *
operand(const char *line)
{
	line += strspn(line, blanks);
	if (strncmp(line, keyword, sizeof(keyword) - 1) != 0)
		return NULL;
	line += sizeof(keyword) - 1;
	return *line && !strchr(blanks, *line) ? NULL : line + strspn(line, blanks);
}

/* The length of text up to a comment and the blanks before it. */
static size_t
bare_length(const char *text)
{
	size_t length = 0;

	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '#' && (i == 0 || strchr(blanks, text[i - 1])))
			break;
		if (!strchr(blanks, text[i]))
			length = i + 1;
	}
	return length;
}

/* The length of what is between the quotes that text begins with, behind which a comment may follow.
 * -1: there is no second one, or something else behind it. */
static long
quoted_length(const char *text)
{
	const char *end = strchr(text + 1, *text), *rest = end ? end + 1 : NULL;

	if (!end || (*rest && !strchr(blanks, *rest)))
		return -1;
	rest += strspn(rest, blanks);
	return *rest && *rest != '#' ? -1 : end - text - 1;
}

static bool
is_allowed(char c)
{
	return (unsigned char)c >= ' ' && c != 0x7f && !strchr("\"'/", c);
}

int
service_alias_read(const char *line, char **alias, struct failure *why)
{
	const char *text = operand(line);
	const bool is_quoted = text && (*text == '"' || *text == '\'');
	long length = !text ? 0 : is_quoted ? quoted_length(text) : (long)bare_length(text);
	char *name;
	size_t n = 0;

	*alias = NULL;
	if (!text)
		return 0;
	if (length < 0)
		return failure_set(why, "no name between two quotes: '%s'", text);
	text += is_quoted;
	name = malloc((size_t)length + 1);
	if (!name)
		return failure_nomem(why);
	for (long i = 0; i < length; i++) {
		if (!strchr(blanks, text[i]))
			name[n++] = text[i];
		else if (n > 0 && name[n - 1] != ' ')
			name[n++] = ' ';
	}
	n -= n > 0 && name[n - 1] == ' ';
	name[n] = '\0';
	for (size_t i = 0; i < n && length >= 0; i++)
		if (!is_allowed(name[i]))
			length = -1;
	if (length >= 0 && n > 0 && n <= SERVICE_ALIAS_MAX && *name != '-') {
		*alias = name;
		return 1;
	}
	failure_set(why, n == 0 ? "'alias' needs a name" : "not a name for a service: '%s'", name);
	free(name);
	return -1;
}

int
service_alias_take(struct strvec *aliases, const char *line, struct failure *why)
{
	char *alias;
	int taken = service_alias_read(line, &alias, why);

	if (taken > 0 && strvec_has(aliases, alias))
		taken = failure_set(why, "alias given twice: '%s'", alias);
	if (taken > 0)
		strvec_push(aliases, alias);
	free(alias);
	return aliases->failed ? failure_nomem(why) : taken;
}

bool
service_alias_matches(const char *alias, const char *word)
{
	for (word += strspn(word, blanks); *alias; alias++) {
		if (*alias == ' ' && !strchr(blanks, *word))
			return false;
		if (*alias != ' ' && *alias != *word)
			return false;
		if (!*word)
			return false;
		word += *alias == ' ' ? strspn(word, blanks) : 1;
	}
	return !word[strspn(word, blanks)];
}

void
service_alias_remove(char *text)
{
	char *to = text;

	for (const char *line = text; *line;) {
		const bool is_kept = !operand(line);
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n';
		memmove(to, line, length);
		line += length;
		to += is_kept ? length : 0;
	}
	*to = '\0';
}
