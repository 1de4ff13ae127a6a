/*
 * The state of vcap shell: the mode, the service whose settings are edited, and the settings, saved
 * and unsaved.
 */
#ifndef VCAP_SHELL_STATE_H
#define VCAP_SHELL_STATE_H

#include "base/failure.h"
#include "controller/config.h"
#include "shell/grammar.h"
#include "shell/lineedit.h"
#include "shell/settings.h"

#include <stdbool.h>
#include <stdio.h>

/* What `save` is to do about the capture. */
enum shell_request { SHELL_KEEP, SHELL_START, SHELL_STOP };

struct shell {
	struct lineedit *lines; /* the caller's, as are variable and out */
	config_variable *variable;
	FILE *out;
	/* Prints a message to the user, separate from the output. */
	void (*report)(const char *format, ...) __attribute__((format(printf, 1, 2)));
	enum grammar_mode mode;
	char *service, *title; /* its name, and what it is shown as; NULL at the top */
	struct settings saved; /* as they are in the spool */
	struct settings draft; /* as they are edited */
	struct settings outer; /* in GRAMMAR_IP: the draft before, restored without `save` */
	enum shell_request request;
	bool is_warned; /* that `exit` loses unsaved settings */
	bool is_over;   /* after `exit` at the top */
};

#define SHELL_INIT ((struct shell){.mode = GRAMMAR_TOP})

/* Frees what shell owns; it is SHELL_INIT afterwards. */
void shell_release(struct shell *shell);

/* Finds the service that word means, by its name or an alias, whose file is valid: EXIT_DONE, or
 * EXIT_MISUSE with why. *name and, unless title is NULL, *title, the first alias or else the name, are on
 * the heap; NULL on failure. */
int shell_find_service(const struct shell *shell, const char *word, char **name, char **title,
		       struct failure *why);

/* Whether there are unsaved settings, in the current mode or the one around it. */
bool shell_is_unsaved(const struct shell *shell);
/* Whether leaving the current mode loses settings. */
bool shell_loses_on_exit(const struct shell *shell);

/* Leaves a mode (not the top) for the one around it. From GRAMMAR_IP the draft is kept; from
 * GRAMMAR_SERVICE unsaved settings are lost. */
void shell_leave_mode(struct shell *shell);

#endif
