#include "import/haproxy_words.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *at, *end;
	const struct strvec *variables;
	FILE *word;
	char quote; /* the one that is open, or NUL */
};

static const char *
find_variable(const struct strvec *variables, const char *name, size_t length)
{
	for (size_t i = variables->count; i > 0; i--) {
		const char *variable = variables->list[i - 1];

		if (strncmp(variable, name, length) == 0 && variable[length] == '=')
			return variable + length + 1;
		if (!*variable || (strncmp(variable, name, length) == 0 && !variable[length]))
			break;
	}
	return NULL;
}

/* At a `$` in double quotes. */
static void
take_variable(struct scan *scan)
{
	const char *start = scan->at++, *name, *value;
	const bool in_braces = scan->at < scan->end && *scan->at == '{';
	size_t length;

	name = scan->at += in_braces;
	while (scan->at < scan->end && (isalnum((unsigned char)*scan->at) || *scan->at == '_'))
		scan->at++;
	length = (size_t)(scan->at - name);
	if (in_braces) {
		while (scan->at < scan->end && *scan->at != '}' && *scan->at != '"')
			scan->at++;
		scan->at += scan->at < scan->end && *scan->at == '}';
	}
	value = length ? find_variable(scan->variables, name, length) : NULL;
	if (value)
		fputs(value, scan->word);
	else
		fwrite(start, 1, (size_t)(scan->at - start), scan->word);
}

static int
hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static int
take_escape(struct scan *scan, struct failure *why)
{
	static const char names[] = "nrt", values[] = "\n\r\t";
	const char *s = scan->at + 1, *name;

	if (s == scan->end)
		return failure_set(why, "nothing after '\\'");
	name = strchr(names, *s);
	if (*s == 'x') {
		if (scan->end - s < 3 || !isxdigit((unsigned char)s[1]) ||
		    !isxdigit((unsigned char)s[2]) || (s[1] == '0' && s[2] == '0'))
			return failure_set(why, "not two hexadecimal digits: '%.*s'",
					   (int)(scan->end - s < 3 ? scan->end - s : 3), s);
		putc(hex(s[1]) << 4 | hex(s[2]), scan->word);
		scan->at = s + 3;
		return 0;
	}
	if (*s && name) {
		putc(values[name - names], scan->word);
	} else {
		if (!strchr(" \\\"'#$", *s))
			putc('\\', scan->word);
		putc(*s, scan->word);
	}
	scan->at = s + 1;
	return 0;
}

/* One character of a word, or a quote. */
static int
take(struct scan *scan, struct failure *why)
{
	const char c = *scan->at;

	if (c == '\\' && scan->quote != '\'')
		return take_escape(scan, why);
	if (c == '$' && scan->quote == '"') {
		take_variable(scan);
		return 0;
	}
	if ((c == '"' || c == '\'') && (!scan->quote || scan->quote == c))
		scan->quote = scan->quote ? '\0' : c;
	else
		putc(c, scan->word);
	scan->at++;
	return 0;
}

static bool
ends_word(const struct scan *scan)
{
	return !scan->quote && strchr(" \t\r\v\f#", *scan->at);
}

int
haproxy_words_split(const char *line, size_t length, const struct strvec *variables,
		    struct strvec *words, struct failure *why)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, where a file begins */
	struct scan scan = {.at = line, .end = line + length, .variables = variables};
	int rc = 0;

	if (length >= strlen(mark) && memcmp(line, mark, strlen(mark)) == 0)
		scan.at += strlen(mark);

	while (rc == 0 && scan.at < scan.end) {
		char *text = NULL;
		size_t size;

		if (ends_word(&scan)) {
			if (*scan.at == '#')
				break;
			scan.at++;
			continue;
		}
		scan.word = open_memstream(&text, &size);
		if (!scan.word)
			return failure_set(why, "out of memory");
		while (rc == 0 && scan.at < scan.end && !ends_word(&scan))
			rc = take(&scan, why);
		if (fclose(scan.word) != 0)
			rc = failure_set(why, "out of memory");
		if (rc == 0 && scan.quote)
			rc = failure_set(why, "quote without its end");
		if (rc == 0)
			strvec_add(words, text);
		free(text);
	}
	return rc;
}
