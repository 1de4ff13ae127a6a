/*
 * One pass over the bytes of the line: a word ends at an unquoted blank or `#`, and is written to a
 * memory stream, since an expanded variable can make it longer than the line. A variable that is
 * not known keeps its `$`, by which haproxy_addr_parse recognises an address that depends on
 * HAProxy's environment.
 */
#include "import/haproxy_lexer.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lexer {
	const char *at, *end;
	const struct strvec *variables;
	FILE *word;
	char quote; /* the open quote, or NUL */
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

/* Appends the value of the variable at a `$` within double quotes; if it is unknown, its name. */
static void
append_variable(struct lexer *lexer)
{
	const char *start = lexer->at++, *name, *value;
	const bool in_braces = lexer->at < lexer->end && *lexer->at == '{';
	size_t length;

	name = lexer->at += in_braces;
	while (lexer->at < lexer->end && (isalnum((unsigned char)*lexer->at) || *lexer->at == '_'))
		lexer->at++;
	length = (size_t)(lexer->at - name);
	if (in_braces) {
		while (lexer->at < lexer->end && *lexer->at != '}' && *lexer->at != '"')
			lexer->at++;
		lexer->at += lexer->at < lexer->end && *lexer->at == '}';
	}
	value = length ? find_variable(lexer->variables, name, length) : NULL;
	if (value)
		fputs(value, lexer->word);
	else
		fwrite(start, 1, (size_t)(lexer->at - start), lexer->word);
}

static int
hex_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static int
append_escape(struct lexer *lexer, struct failure *why)
{
	static const char names[] = "nrt", values[] = "\n\r\t";
	const char *s = lexer->at + 1, *name;

	if (s == lexer->end)
		return failure_set(why, "trailing backslash");
	name = strchr(names, *s);
	if (*s == 'x') {
		if (lexer->end - s < 3 || !isxdigit((unsigned char)s[1]) ||
		    !isxdigit((unsigned char)s[2]) || (s[1] == '0' && s[2] == '0'))
			return failure_set(why, "invalid hexadecimal escape: '%.*s'",
					   (int)(lexer->end - s < 3 ? lexer->end - s : 3), s);
		putc(hex_value(s[1]) << 4 | hex_value(s[2]), lexer->word);
		lexer->at = s + 3;
		return 0;
	}
	if (*s && name) {
		putc(values[name - names], lexer->word);
	} else {
		if (!strchr(" \\\"'#$", *s))
			putc('\\', lexer->word);
		putc(*s, lexer->word);
	}
	lexer->at = s + 1;
	return 0;
}

/* Appends the next character, or opens or closes a quote. */
static int
append_next(struct lexer *lexer, struct failure *why)
{
	const char c = *lexer->at;

	if (c == '\\' && lexer->quote != '\'')
		return append_escape(lexer, why);
	if (c == '$' && lexer->quote == '"') {
		append_variable(lexer);
		return 0;
	}
	if ((c == '"' || c == '\'') && (!lexer->quote || lexer->quote == c))
		lexer->quote = lexer->quote ? '\0' : c;
	else
		putc(c, lexer->word);
	lexer->at++;
	return 0;
}

static bool
ends_word(const struct lexer *lexer)
{
	return !lexer->quote && strchr(" \t\r\v\f#", *lexer->at);
}

int
haproxy_lexer_split(const char *line, size_t length, const struct strvec *variables,
		    struct strvec *words, struct failure *why)
{
	static const char mark[] = "\xef\xbb\xbf"; /* UTF-8 byte order mark */
	struct lexer lexer = {.at = line, .end = line + length, .variables = variables};
	int rc = 0;

	if (length >= strlen(mark) && memcmp(line, mark, strlen(mark)) == 0)
		lexer.at += strlen(mark);

	while (rc == 0 && lexer.at < lexer.end) {
		char *text = NULL;
		size_t size;

		if (ends_word(&lexer)) {
			if (*lexer.at == '#')
				break;
			lexer.at++;
			continue;
		}
		lexer.word = open_memstream(&text, &size);
		if (!lexer.word)
			return failure_nomem(why);
		while (rc == 0 && lexer.at < lexer.end && !ends_word(&lexer))
			rc = append_next(&lexer, why);
		if (fclose(lexer.word) != 0)
			rc = failure_nomem(why);
		if (rc == 0 && lexer.quote)
			rc = failure_set(why, "unterminated quote");
		if (rc == 0)
			strvec_push(words, text);
		free(text);
	}
	return rc;
}
