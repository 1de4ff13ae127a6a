/*
 * What can be said to vcap shell: one table, which the parser, completion, `?`, help and the tests
 * share. Pure: words to what is meant, and to what may come next.
 */
#ifndef VCAP_GRAMMAR_H
#define VCAP_GRAMMAR_H

#include "base/failure.h"
#include "base/strvec.h"
#include "shell/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where one is: at the top, in the settings of a service, or in their addresses. Each can say
 * different things. GRAMMAR_DO is what may follow `do`. */
enum grammar_mode { GRAMMAR_TOP = 1, GRAMMAR_SERVICE = 2, GRAMMAR_IP = 4, GRAMMAR_DO = 8 };

/* "debugvirtualservice:debug_ip" and the like; what a prompt shows. The top is "". */
const char *grammar_mode_name(enum grammar_mode mode);

enum grammar_verb {
	GRAMMAR_NOTHING, /* an empty line */
	GRAMMAR_DEBUG,   /* of a service: value */
	GRAMMAR_SHOW,
	GRAMMAR_SHOW_CAPTURE,
	GRAMMAR_SHOW_SERVICES,
	GRAMMAR_SET, /* field to value */
	GRAMMAR_CLEAR,
	GRAMMAR_ADDRESSES, /* enters GRAMMAR_IP; adds value to field if there is one */
	GRAMMAR_SAVE,
	GRAMMAR_WHERE,
	GRAMMAR_HELP,
	GRAMMAR_EXIT,
};

struct sentence {
	enum grammar_verb verb;
	enum settings_field field;
	const char *value; /* one of the words, or constant; NULL: none */
};

/* The words of a line; `#` begins a comment. -1: no memory. */
int grammar_split(const char *line, struct strvec *words);

/* What the words mean. No word is guessed from its beginning. -1: why says which word is wrong, or
 * what is missing. */
int grammar_parse(enum grammar_mode mode, const struct strvec *words, struct sentence *sentence,
		  struct failure *why);

/* What a value is, for those who know which there are. */
enum grammar_value { GRAMMAR_NO_VALUE, GRAMMAR_A_SERVICE, GRAMMAR_AN_ADDRESS_SET, GRAMMAR_OTHER };

/* A word that may come next, or `<name>` of a value, or `<cr>`, the end of the line. */
struct grammar_choice {
	const char *word, *help;
	enum grammar_value value;
	enum settings_field field; /* for GRAMMAR_AN_ADDRESS_SET */
};

/* Calls take for each choice that there is after the first count words; none if these are wrong. */
typedef void grammar_take(void *context, const struct grammar_choice *choice);
void grammar_next(enum grammar_mode mode, char *const *words, size_t count, grammar_take *take,
		  void *context);

/* Prints all that can be said in a mode, a line each. */
void grammar_help(enum grammar_mode mode, FILE *out);

#endif
