#include "shell/shell_state.h"

#include "base/exitcode.h"
#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
shell_release(struct shell *shell)
{
	free(shell->service);
	free(shell->title);
	settings_release(&shell->saved);
	settings_release(&shell->draft);
	settings_release(&shell->outer);
	*shell = SHELL_INIT;
}

/* Reads the service's file. */
static int
load(const struct shell *shell, const char *name, const char *word, struct service *service,
     struct failure *why)
{
	struct config_file file;
	int rc;

	if (!parse_is_name(name))
		return failure_set(why, "no virtual service '%s'", word);
	if (config_read_service(&file, name, shell->variable, why) < 0) {
		if (errno == ENOENT)
			failure_set(why, "no virtual service '%s'", word);
		return -1;
	}
	rc = service_parse(service, name, file.text, file.path, why);
	config_file_release(&file);
	return rc;
}

int
shell_find_service(const struct shell *shell, const char *word, char **name, char **title,
		   struct failure *why)
{
	struct service service = SERVICE_INIT;
	int rc = config_resolve(name, word, shell->variable, why);

	if (title)
		*title = NULL;
	if (rc == 0)
		rc = load(shell, *name, word, &service, why);
	if (rc == 0 && title) {
		*title = strdup(service.aliases.count > 0 ? service.aliases.list[0] : *name);
		rc = *title ? 0 : failure_nomem(why);
	}
	service_release(&service);
	if (rc == 0)
		return EXIT_DONE;
	free(*name);
	*name = NULL;
	return EXIT_MISUSE;
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
	free(shell->title);
	shell->service = shell->title = NULL;
}
