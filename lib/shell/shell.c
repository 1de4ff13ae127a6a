/*
 * Modes nest, at most three deep: the top, the settings of a service, their addresses. Entering a
 * mode copies the settings that it edits, so that leaving without `save` restores them. `save`
 * among the addresses keeps them in the draft only; `save` in the service's mode writes the draft
 * to the spool, then starts or stops the capture if `capture` or `no capture` was entered. Whether
 * a capture is running is looked up in the spool each time, since other commands start and stop
 * captures, too.
 */
#include "shell/shell.h"

#include "base/exitcode.h"
#include "shell/run_command.h"
#include "shell/settings_table.h"
#include "shell/shell_bash.h"
#include "shell/shell_capture.h"
#include "shell/shell_words.h"
#include "shell/store.h"

#include <stdlib.h>
#include <string.h>

static int
enter_service(struct shell *shell, const char *word, struct failure *why)
{
	struct settings settings = SETTINGS_INIT;
	char *name, *title;
	int rc = shell_find_service(shell, word, &name, &title, why);

	if (rc == EXIT_DONE)
		rc = shell_capture_load(shell, name, &settings, why);
	if (rc == EXIT_DONE && settings_copy(&shell->draft, &settings, why) < 0)
		rc = EXIT_FAILED;
	if (rc != EXIT_DONE) {
		settings_release(&settings);
		free(name);
		free(title);
		return rc;
	}
	shell->service = name;
	shell->title = title;
	shell->saved = settings;
	shell->request = SHELL_KEEP;
	shell->mode = GRAMMAR_SERVICE;
	fprintf(shell->out, "Updating an existing object. Currently, the object is:\n");
	return settings_table_print(&shell->saved, name, title, shell->out, why) < 0 ? EXIT_FAILED
										     : EXIT_DONE;
}

static int
show_settings(const struct shell *shell, const char *word, struct failure *why)
{
	struct settings settings = SETTINGS_INIT;
	char *name, *title;
	int rc = shell_find_service(shell, word, &name, &title, why);

	if (rc == EXIT_DONE)
		rc = shell_capture_load(shell, name, &settings, why);
	if (rc == EXIT_DONE && settings_table_print(&settings, name, title, shell->out, why) < 0)
		rc = EXIT_FAILED;
	settings_release(&settings);
	free(name);
	free(title);
	return rc;
}

static int
exit_mode(struct shell *shell, struct failure *why)
{
	if (shell->mode == GRAMMAR_TOP) {
		shell->is_over = true;
		return EXIT_DONE;
	}
	if (shell_loses_on_exit(shell)) {
		if (lineedit_is_terminal(shell->lines) && !shell->is_warned) {
			shell->report("unsaved settings: 'save' them, or 'exit' again to lose "
				      "them");
			shell->is_warned = true;
			return EXIT_DONE;
		}
		if (!lineedit_is_terminal(shell->lines))
			shell->report("the settings of '%s' are not saved", shell->service);
	}
	if (shell->mode == GRAMMAR_IP && settings_copy(&shell->draft, &shell->outer, why) < 0)
		return EXIT_FAILED;
	shell_leave_mode(shell);
	return EXIT_DONE;
}

static int
save(struct shell *shell, struct failure *why)
{
	const bool is_changed = !settings_equal(&shell->draft, &shell->saved);
	const bool was_capturing = shell->saved.capture;
	bool has_started;
	int status;

	if (shell->mode == GRAMMAR_IP) {
		shell_leave_mode(shell);
		return EXIT_DONE;
	}
	if (store_save(&shell->draft, shell->service, shell->variable, why) < 0 ||
	    settings_copy(&shell->saved, &shell->draft, why) < 0)
		return EXIT_FAILED;
	/* The settings are saved even if the capture fails. */
	shell->saved.capture = was_capturing;
	status = shell_capture_apply(shell, is_changed, &has_started, why);
	if (!shell_capture_succeeded(status))
		return status;
	if (settings_table_print(&shell->draft, shell->service, shell->title, shell->out, why) < 0)
		return EXIT_FAILED;
	if (has_started)
		fprintf(shell->out,
			"Capture %s has begun: 'show debug virtualservice %s capture' shows its "
			"progress\n",
			shell->draft.id, shell->service);
	shell_leave_mode(shell);
	return status;
}

/* Enters the mode of the addresses, and adds the command's value if it has one. */
static int
enter_addresses(struct shell *shell, const struct grammar_command *command, struct failure *why)
{
	if (settings_copy(&shell->outer, &shell->draft, why) < 0)
		return EXIT_FAILED;
	if (command->value &&
	    settings_set(&shell->draft, command->field, command->value, why) < 0) {
		settings_release(&shell->outer);
		return EXIT_MISUSE;
	}
	shell->mode = GRAMMAR_IP;
	return EXIT_DONE;
}

static int
where(const struct shell *shell, struct failure *why)
{
	if (shell->mode == GRAMMAR_TOP) {
		fprintf(shell->out, "top\n");
		return EXIT_DONE;
	}
	fprintf(shell->out, "%s of '%s'%s\n", grammar_mode_name(shell->mode), shell->service,
		shell_is_unsaved(shell) ? ", not saved" : "");
	return settings_table_print(&shell->draft, shell->service, shell->title, shell->out, why) <
		       0
		   ? EXIT_FAILED
		   : EXIT_DONE;
}

static int
run_parsed(struct shell *shell, const struct grammar_command *command, struct failure *why)
{
	const char *value = command->value;

	switch (command->verb) {
	case GRAMMAR_NOTHING: break;
	case GRAMMAR_DEBUG: return enter_service(shell, value, why);
	case GRAMMAR_SHOW: return show_settings(shell, value, why);
	case GRAMMAR_SHOW_CAPTURE: return shell_capture_show(shell, value, why);
	case GRAMMAR_SHOW_SERVICES:
		return shell_capture_status(run_command_services(shell->out, why));
	case GRAMMAR_SET:
		if (command->field == SETTINGS_CAPTURE)
			shell->request = SHELL_START;
		return settings_set(&shell->draft, command->field, value, why) < 0 ? EXIT_MISUSE
										   : EXIT_DONE;
	case GRAMMAR_CLEAR:
		if (command->field == SETTINGS_CAPTURE)
			shell->request = SHELL_STOP;
		return settings_clear(&shell->draft, command->field, value, why) < 0 ? EXIT_MISUSE
										     : EXIT_DONE;
	case GRAMMAR_ADDRESSES: return enter_addresses(shell, command, why);
	case GRAMMAR_SAVE: return save(shell, why);
	case GRAMMAR_SNAPSHOT:
		return shell_capture_status(run_command_snapshot(shell->service, shell->out, why));
	case GRAMMAR_WHERE: return where(shell, why);
	case GRAMMAR_BASH: return shell_bash(shell, why);
	case GRAMMAR_HELP: grammar_help(shell->mode, shell->out); break;
	case GRAMMAR_EXIT: return exit_mode(shell, why);
	}
	return EXIT_DONE;
}

int
shell_execute(struct shell *shell, const char *line, struct failure *why)
{
	struct strvec words = STRVEC_INIT;
	struct grammar_command command;
	int rc = EXIT_MISUSE;

	if (grammar_split(line, &words) < 0) {
		failure_nomem(why);
		rc = EXIT_FAILED;
	} else if (shell_join_name(shell, &words, why) < 0) {
		rc = EXIT_FAILED;
	} else if (grammar_parse(shell->mode, &words, &command, why) == 0) {
		if (command.verb != GRAMMAR_EXIT && command.verb != GRAMMAR_NOTHING)
			shell->is_warned = false;
		rc = run_parsed(shell, &command, why);
	}
	strvec_release(&words);
	return rc;
}

char *
shell_prompt(const struct shell *shell)
{
	char *text;

	return asprintf(&text, "%s> ",
			shell->mode == GRAMMAR_TOP ? ": " : grammar_mode_name(shell->mode)) < 0
		   ? NULL
		   : text;
}

/* Context of fill_in, which adds existing values to the choices of the grammar. */
struct value_filler {
	const struct shell *shell;
	grammar_take *take;
	void *context;
};

static void
offer_all(const struct value_filler *filler, char *const *words)
{
	for (; words && *words; words++)
		filler->take(filler->context, &(struct grammar_choice){.word = *words, .help = ""});
}

static void
fill_in(void *context, const struct grammar_choice *choice)
{
	const struct value_filler *filler = context;
	const struct settings *draft = &filler->shell->draft;
	char **names;

	filler->take(filler->context, choice);
	if (choice->value == GRAMMAR_A_SERVICE) {
		names = config_service_names(filler->shell->variable, NULL);
		offer_all(filler, names);
		strvec_free(names);
	} else if (choice->value == GRAMMAR_AN_ADDRESS_SET) {
		offer_all(filler, draft->lists[choice->field - SETTINGS_ADDRS].list);
	}
}

void
shell_next(const struct shell *shell, const char *text, grammar_take *take, void *context)
{
	struct value_filler filler = {shell, take, context};
	struct strvec words = STRVEC_INIT;
	const size_t length = strlen(text);
	size_t count;

	if (grammar_split(text, &words) == 0) {
		count = words.count;
		/* The last word is incomplete unless a blank follows it. */
		if (count > 0 && !strchr(" \t", text[length - 1]))
			count--;
		grammar_next(shell->mode, words.list, count, fill_in, &filler);
	}
	strvec_release(&words);
}
