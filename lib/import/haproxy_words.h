/*
 * A line of a HAProxy configuration as words, by the rules of its manual ("Quoting and escaping",
 * "Environment variables"): blanks part words; a backslash makes the next character plain outside
 * of single quotes; both kinds of quotes, where only double ones leave `$NAME`, `${NAME}` and
 * `${NAME-DEFAULT}` a meaning; `#` outside of quotes starts a comment.
 */
#ifndef VCAP_HAPROXY_WORDS_H
#define VCAP_HAPROXY_WORDS_H

#include "base/failure.h"
#include "base/strvec.h"

#include <stddef.h>

/*
 * Adds the words of the line to words. variables are words "NAME=VALUE", of which the last of a
 * name counts; a variable that is not among them stays as it is written, with its `$`. -1: quotes
 * that are not closed, or an escape that is none.
 */
int haproxy_words_split(const char *line, size_t length, const struct strvec *variables,
			struct strvec *words, struct failure *why);

#endif
