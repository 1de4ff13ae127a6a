/*
 * What vcap shell is in the middle of: a mode, the service it is about, and what has been set but
 * not saved. It carries out one sentence of grammar.h after the other; the work is done by the
 * commands of siblings.h.
 */
#ifndef VCAP_CONSOLE_H
#define VCAP_CONSOLE_H

#include "config.h"
#include "failure.h"
#include "grammar.h"
#include "settings.h"

#include <stdbool.h>
#include <stdio.h>

/* Who the console talks to, all with the context. */
struct console_user {
	/* Asks, and returns the answer: heap; NULL if there is none. */
	char *(*answer)(void *context, const char *question);
	/* Says something beside the output, one line. */
	void (*remark)(void *context, const char *text);
	void *context;
	/* There is somebody at a terminal, who is asked to leave unsaved settings twice. */
	bool is_person;
};

struct console {
	const struct console_user *user;
	config_variable *variable;
	FILE *out;
	enum grammar_mode mode;
	char *service;         /* NULL at the top */
	struct settings saved; /* as the service has them */
	struct settings draft; /* as they are to be */
	struct settings outer; /* in GRAMMAR_IP: the draft to go back to unless it is saved */
	/* What was said in this mode about capturing. */
	enum { CONSOLE_NO_WISH, CONSOLE_CAPTURE, CONSOLE_NO_CAPTURE } wish;
	bool is_warned; /* of leaving without save */
	bool is_over;
};

#define CONSOLE_INIT ((struct console){.mode = GRAMMAR_TOP})

/* The outcomes, which are exit statuses (vcap(7)). */
enum { CONSOLE_DONE = 0, CONSOLE_FAILED = 1, CONSOLE_MISUSE = 2, CONSOLE_PARTIAL = 3 };

void console_release(struct console *console);

/* Carries out a line. Anything but CONSOLE_DONE and CONSOLE_PARTIAL is a failure: why says it, or
 * is empty if a command has. Mode and settings are as before then. */
int console_obey(struct console *console, const char *line, struct failure *why);

/* At the end of the lines: whether something set is lost. */
bool console_is_unsaved(const struct console *console);

/* What to show before a line. Heap; NULL without memory. */
char *console_prompt(const struct console *console);

/* Calls take for what may come next, as grammar_next, but services and addresses that there are
 * stand for the values. text is the line as far as it goes; its last word is left out. */
void console_next(const struct console *console, const char *text, grammar_take *take,
		  void *context);

#endif
