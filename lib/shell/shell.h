/*
 * What vcap shell is in the middle of: a mode, the service it is about, and what has been set but
 * not saved. It carries out one sentence of grammar.h after the other; the work is done by the
 * commands of siblings.h.
 */
#ifndef VCAP_SHELL_H
#define VCAP_SHELL_H

#include "base/failure.h"
#include "controller/config.h"
#include "shell/grammar.h"
#include "shell/settings.h"

#include <stdbool.h>
#include <stdio.h>

/* Who the console talks to, all with the context. */
struct shell_user {
	/* Asks, and returns the answer: heap; NULL if there is none. */
	char *(*answer)(void *context, const char *question);
	/* Says something beside the output, one line. */
	void (*remark)(void *context, const char *text);
	void *context;
	/* There is somebody at a terminal, who is asked to leave unsaved settings twice. */
	bool is_person;
};

struct shell {
	const struct shell_user *user;
	config_variable *variable;
	FILE *out;
	enum grammar_mode mode;
	char *service;         /* NULL at the top */
	struct settings saved; /* as the service has them */
	struct settings draft; /* as they are to be */
	struct settings outer; /* in GRAMMAR_IP: the draft to go back to unless it is saved */
	/* What was said in this mode about capturing. */
	enum { SHELL_NO_WISH, SHELL_CAPTURE, SHELL_NO_CAPTURE } wish;
	bool is_warned; /* of leaving without save */
	bool is_over;
};

#define SHELL_INIT ((struct shell){.mode = GRAMMAR_TOP})

void shell_release(struct shell *console);

/* Carries out a line. Anything but EXIT_DONE and EXIT_PARTIAL is a failure: why says it, or
 * is empty if a command has. Mode and settings are as before then. */
int shell_obey(struct shell *console, const char *line, struct failure *why);

/* At the end of the lines: whether something set is lost. */
bool shell_is_unsaved(const struct shell *console);

/* What to show before a line. Heap; NULL without memory. */
char *shell_prompt(const struct shell *console);

/* Calls take for what may come next, as grammar_next, but services and addresses that there are
 * stand for the values. text is the line as far as it goes; its last word is left out. */
void shell_next(const struct shell *console, const char *text, grammar_take *take, void *context);

#endif
