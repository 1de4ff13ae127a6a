/*
 * Names of services with blanks, which may be typed without quotes.
 */
#ifndef VCAP_SHELL_WORDS_H
#define VCAP_SHELL_WORDS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "shell/shell_state.h"

/* Makes one word of those that are an alias of a service together, where a command has a service's name.
 * -1 with why: out of memory; words may have lost some. */
int shell_join_name(const struct shell *shell, struct strvec *words, struct failure *why);

#endif
