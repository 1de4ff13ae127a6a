/*
 * A line of a HAProxy configuration as words, by the rules of its manual ("Quoting and escaping",
 * "Environment variables"): blanks part words; a backslash makes the next character plain outside
 * of single quotes; both kinds of quotes, where only double ones leave `$NAME`, `${NAME}` and
 * `${NAME-DEFAULT}` a meaning; `#` outside of quotes starts a comment.
 */
#ifndef VCAP_HAPROXYLINE_H
#define VCAP_HAPROXYLINE_H

#include "failure.h"
#include "words.h"

#include <stddef.h>

/*
 * Adds the words of the line to words. variables are words "NAME=VALUE", of which the last of a
 * name counts; a variable that is not among them stays as it is written, with its `$`. -1: quotes
 * that are not closed, or an escape that is none.
 */
int haproxyline_split(const char *line, size_t length, const struct words *variables,
		      struct words *words, struct failure *why);

#endif
