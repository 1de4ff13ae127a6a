/*
 * A line of a HAProxy configuration as words, by the rules of its manual ("Quoting and escaping",
 * "Environment variables"): blanks separate words; a backslash outside single quotes escapes the
 * next character; only within double quotes are `$NAME`, `${NAME}` and `${NAME-DEFAULT}` variables;
 * `#` outside quotes begins a comment.
 */
#ifndef VCAP_HAPROXY_LEXER_H
#define VCAP_HAPROXY_LEXER_H

#include "base/failure.h"
#include "base/strvec.h"

#include <stddef.h>

/*
 * Appends the words of the line to words. variables is a history of the environment: "NAME=VALUE"
 * sets a variable, "NAME" makes it unknown, and "" all of them; the last entry counts. A variable
 * that is not known stays as written, with its `$`. -1: an unterminated quote or an invalid escape;
 * the words before it have been added.
 */
int haproxy_lexer_split(const char *line, size_t length, const struct strvec *variables,
			struct strvec *words, struct failure *why);

#endif
