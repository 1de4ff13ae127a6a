#include "shell/shell_state.h"

#include "base/exitcode.h"
#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>

void
shell_release(struct shell *shell)
{
	free(shell->service);
	settings_release(&shell->saved);
	settings_release(&shell->draft);
	settings_release(&shell->outer);
	*shell = SHELL_INIT;
}

int
shell_check_service(const struct shell *shell, const char *name, struct failure *why)
{
	struct config_file file;
	struct service service;
	int rc;

	if (!parse_is_name(name)) {
		failure_set(why, "no virtual service '%s'", name);
		return EXIT_MISUSE;
	}
	if (config_read_service(&file, name, shell->variable, why) < 0) {
		if (errno == ENOENT)
			failure_set(why, "no virtual service '%s'", name);
		return EXIT_MISUSE;
	}
	rc = service_parse(&service, name, file.text, file.path, why);
	config_file_release(&file);
	if (rc < 0)
		return EXIT_MISUSE;
	service_release(&service);
	return EXIT_DONE;
}

bool
shell_is_unsaved(const struct shell *shell)
{
	return (shell->mode == GRAMMAR_IP && !settings_equal(&shell->draft, &shell->outer)) ||
	       (shell->mode != GRAMMAR_TOP && !settings_equal(&shell->draft, &shell->saved));
}

bool
shell_loses_on_exit(const struct shell *shell)
{
	return shell->mode != GRAMMAR_TOP &&
	       !settings_equal(&shell->draft,
			       shell->mode == GRAMMAR_IP ? &shell->outer : &shell->saved);
}

void
shell_leave_mode(struct shell *shell)
{
	const bool is_inner = shell->mode == GRAMMAR_IP;

	settings_release(is_inner ? &shell->outer : &shell->saved);
	shell->is_warned = false;
	shell->mode = is_inner ? GRAMMAR_SERVICE : GRAMMAR_TOP;
	if (is_inner)
		return;
	settings_release(&shell->draft);
	free(shell->service);
	shell->service = NULL;
}
