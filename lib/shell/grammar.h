/*
 * The commands of vcap shell: one table for the parser, completion, `?`, help and the tests. Pure:
 * turns words into a parsed command, and lists the words that may come next.
 */
#ifndef VCAP_GRAMMAR_H
#define VCAP_GRAMMAR_H

#include "base/failure.h"
#include "base/strvec.h"
#include "shell/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The modes, each with its own commands: the top, the settings of a service, their addresses.
 * GRAMMAR_DO has the commands that may follow `do`. */
enum grammar_mode { GRAMMAR_TOP = 1, GRAMMAR_SERVICE = 2, GRAMMAR_IP = 4, GRAMMAR_DO = 8 };

/* The mode as the prompt shows it, such as "debugvirtualservice:debug_ip"; "" for the top. */
const char *grammar_mode_name(enum grammar_mode mode);

enum grammar_verb {
	GRAMMAR_NOTHING, /* an empty line */
	GRAMMAR_DEBUG,   /* enters GRAMMAR_SERVICE; value: the service */
	GRAMMAR_SHOW,
	GRAMMAR_SHOW_CAPTURE,
	GRAMMAR_SHOW_SERVICES,
	GRAMMAR_SET, /* sets field to value */
	GRAMMAR_CLEAR,
	GRAMMAR_ADDRESSES, /* enters GRAMMAR_IP; adds value, if any, to field */
	GRAMMAR_SAVE,
	GRAMMAR_SNAPSHOT,
	GRAMMAR_WHERE,
	GRAMMAR_BASH,
	GRAMMAR_HELP,
	GRAMMAR_EXIT,
};

/* A parsed command. */
struct grammar_command {
	enum grammar_verb verb;
	enum settings_field field;
	const char *value; /* one of the words, or constant; NULL: none */
};

/* Appends the words of a line to words, up to a word that begins with `#`. A word that begins with a
 * quote ends at the next one like it, or with the line. -1: out of memory. */
int grammar_split(const char *line, struct strvec *words);

/* Parses a command; words are not abbreviated. Strings of the command point into words. -1: a word
 * is unknown or missing, with why. */
int grammar_parse(enum grammar_mode mode, const struct strvec *words,
		  struct grammar_command *command, struct failure *why);

/* What a value refers to, so that the caller can list the existing ones. */
enum grammar_value { GRAMMAR_NO_VALUE, GRAMMAR_A_SERVICE, GRAMMAR_AN_ADDRESS_SET, GRAMMAR_OTHER };

/* A word that may come next; `<...>` stands for a value, `<cr>` for the end of the line. The
 * strings are valid during the call only. */
struct grammar_choice {
	const char *word, *help;
	enum grammar_value value;
	enum settings_field field; /* for GRAMMAR_AN_ADDRESS_SET */
};

/* Calls take for each choice after these count words; for none if they are invalid. */
typedef void grammar_take(void *context, const struct grammar_choice *choice);
void grammar_next(enum grammar_mode mode, char *const *words, size_t count, grammar_take *take,
		  void *context);

/* Prints the commands of a mode to out, one a line, with their help. */
void grammar_help(enum grammar_mode mode, FILE *out);

#endif
