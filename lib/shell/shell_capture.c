#include "shell/shell_capture.h"

#include "base/exitcode.h"
#include "base/text.h"
#include "controller/spool.h"
#include "shell/run_command.h"
#include "shell/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int
shell_capture_status(int status)
{
	return status >= EXIT_DONE && status <= EXIT_PARTIAL ? status : EXIT_FAILED;
}

bool
shell_capture_succeeded(int status)
{
	return status == EXIT_DONE || status == EXIT_PARTIAL;
}

int
shell_capture_load(const struct shell *shell, const char *service, struct settings *settings,
		   struct failure *why)
{
	char id[SPOOL_ID_MAX];

	if (store_load(settings, service, shell->variable, why) < 0)
		return EXIT_FAILED;
	if (spool_find_running(id, service, shell->variable, why) < 0) {
		settings_release(settings);
		return EXIT_FAILED;
	}
	settings->capture = id[0] != '\0';
	return EXIT_DONE;
}

/* Asks for the directory to copy a file to: heap; NULL: no answer. */
static char *
ask_directory(const struct shell *shell)
{
	struct failure why = FAILURE_INIT;
	char *directory;
	size_t length;

	lineedit_ask(shell->lines, "Please specify the destination directory: ", &directory, &why);
	if (why.text[0])
		shell->report("%s", why.text);
	/* Completion leaves a slash. */
	length = directory ? strlen(directory) : 0;
	for (; length > 1 && directory[length - 1] == '/'; length--)
		directory[length - 1] = '\0';
	if (length > 0)
		return directory;
	free(directory);
	return NULL;
}

static void
print_path(const struct shell *shell, const char *path)
{
	const size_t size = 4 * strlen(path) + 1;
	char *safe = malloc(size);

	if (safe)
		fprintf(shell->out, "Downloaded the attachment to %s\n",
			text_escape(safe, size, path));
	free(safe);
}

/* Waits until the capture's file is complete, and copies it to the directory. */
static int
download(const struct shell *shell, const struct spool_entry *entry, const char *service,
	 const char *directory, struct failure *why)
{
	struct settings settings = SETTINGS_INIT;
	struct stat st;
	char *path = NULL;
	int status = EXIT_DONE;

	/* Not after a long wait. */
	if (!spool_entry_is_over(entry) && (stat(directory, &st) < 0 || !S_ISDIR(st.st_mode))) {
		failure_set(why, "no directory '%s': nothing is downloaded", directory);
		return EXIT_MISUSE;
	}
	if (store_load(&settings, service, shell->variable, why) < 0)
		return EXIT_FAILED;
	if (!spool_entry_is_over(entry)) {
		shell->report(spool_is_running(entry)
				  ? "waiting for the end of capture '%s', and its file"
				  : "waiting for the file of capture '%s'",
			      entry->id);
		status = run_command_wait(entry->id, why);
	}
	if (shell_capture_succeeded(status))
		status = run_command_export(entry->id, settings_format_name(&settings), directory,
					    &path, why);
	if (path && shell_capture_succeeded(status))
		print_path(shell, path);
	free(path);
	settings_release(&settings);
	return shell_capture_status(status);
}

/* In a script the line after this one is for the question, also while the capture goes on: then it is
 * waited for, and the progress is shown only if no line follows. */
static int
show(const struct shell *shell, const struct spool_entry *entry, const char *service,
     struct failure *why)
{
	const bool is_running = spool_is_running(entry);
	char *directory = NULL;
	int status;

	if (spool_entry_state(entry) == CAPTURE_FAILED) {
		const char *message = keyval_get(&entry->facts, "message");

		failure_set(why, "capture '%s' has failed: %s", entry->id,
			    message ? message : "no reason is recorded");
		return EXIT_FAILED;
	}
	if (!is_running || !lineedit_is_terminal(shell->lines))
		directory = ask_directory(shell);
	if (directory) {
		status = download(shell, entry, service, directory, why);
	} else if (is_running) {
		status = shell_capture_status(run_command_status(entry->id, shell->out, why));
	} else {
		failure_set(why, "no directory given: nothing is downloaded");
		status = EXIT_MISUSE;
	}
	free(directory);
	return status;
}

int
shell_capture_show(const struct shell *shell, const char *word, struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	char *service;
	int rc = shell_find_service(shell, word, &service, NULL, why), found;

	if (rc != EXIT_DONE)
		return rc;
	found = spool_open_newest(&entry, service, shell->variable, why);
	if (found == 0)
		failure_set(why, "there is no capture of '%s'", service);
	rc = found > 0 ? show(shell, &entry, service, why) : EXIT_FAILED;
	if (found > 0)
		spool_entry_close(&entry);
	free(service);
	return rc;
}

static void
warn_of_limits(const struct shell *shell)
{
	const struct settings *draft = &shell->draft;

	if (draft->rolling_ns)
		return; /* it is meant to go on */
	if (!draft->count && !draft->duration_ns)
		shell->report("warning: neither num_pkts nor duration is set: the capture runs "
			      "until it is stopped, or the engines' disks are full up to their "
			      "reserve");
	else if (!draft->duration_ns)
		shell->report("warning: duration is not set: a core that sees fewer than %" PRIu64
			      " packets captures until it is stopped",
			      draft->count);
}

static int
start(struct shell *shell, struct failure *why)
{
	char *id;
	int status;

	warn_of_limits(shell);
	status = run_command_start(&shell->draft, shell->service, &id, why);
	if (!shell_capture_succeeded(status) || !id) {
		free(id);
		return shell_capture_succeeded(status) ? EXIT_FAILED : shell_capture_status(status);
	}
	free(shell->draft.id);
	shell->draft.id = id;
	if (store_save(&shell->draft, shell->service, shell->variable, why) < 0)
		return EXIT_FAILED;
	return status;
}

int
shell_capture_apply(struct shell *shell, bool is_changed, bool *has_started, struct failure *why)
{
	struct settings *draft = &shell->draft;
	char id[SPOOL_ID_MAX];
	int status = EXIT_DONE;

	*has_started = false;
	if (spool_find_running(id, shell->service, shell->variable, why) < 0)
		return EXIT_FAILED;
	if (shell->request == SHELL_START && !id[0]) {
		status = start(shell, why);
		*has_started = shell_capture_succeeded(status);
	} else if (shell->request == SHELL_STOP && id[0]) {
		status = shell_capture_status(run_command_stop(id, why));
	} else {
		draft->capture = id[0] != '\0';
		if (draft->capture && is_changed)
			shell->report(
			    "capture '%s' continues as it was started: the settings apply to "
			    "the next one",
			    id);
	}
	return status;
}
