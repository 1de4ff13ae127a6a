/*
 * Splits a line of a HAProxy configuration into words, by the rules of its manual ("Quoting and
 * escaping", "Environment variables"): blanks separate words; a backslash outside single quotes
 * escapes the next character; within double quotes only, `$NAME`, `${NAME}` and `${NAME-DEFAULT}`
 * are variables; `#` outside quotes begins a comment.
 */
#ifndef VCAP_HAPROXY_LEXER_H
#define VCAP_HAPROXY_LEXER_H

#include "base/failure.h"
#include "base/strvec.h"

#include <stddef.h>

/*
 * Appends the words of a line of this length to words. variables is a history of the environment:
 * "NAME=VALUE" sets a variable, "NAME" makes it unknown, "" makes all unknown; later entries
 * override earlier ones. An unknown variable is kept as written, with its `$`. -1 with why: an
 * unterminated quote or an invalid escape; the words before it have been appended.
 */
int haproxy_lexer_split(const char *line, size_t length, const struct strvec *variables,
			struct strvec *words, struct failure *why);

#endif
