#include "shell/repl.h"

#include "base/exitcode.h"
#include "shell/shell.h"
#include "shell/store.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>

static void
complete(void *shell, const char *text, grammar_take *take, void *context)
{
	shell_next(shell, text, take, context);
}

static void
ignore(int number)
{
	(void)number;
}

int
repl_open_terminal(struct shell *shell)
{
	struct failure why = FAILURE_INIT;
	char *history = store_history(shell->variable, &why);

	if (!history)
		shell->report("no history: %s", why.text);
	setlocale(LC_CTYPE, "");
	/* A handler, since commands would inherit SIG_IGN. */
	sigaction(SIGINT, &(struct sigaction){.sa_handler = ignore, .sa_flags = SA_RESTART}, NULL);
	shell->lines = lineedit_open_terminal(history, complete, shell);
	free(history);
	return shell->lines ? 0 : -1;
}

/* Reports a failure; if text is empty, a command has printed it. */
static void
warn_of_failure(const struct shell *shell, const char *line, const char *text)
{
	const unsigned number = lineedit_number(shell->lines);

	fflush(shell->out);
	if (lineedit_is_terminal(shell->lines)) {
		if (*text)
			shell->report("%s", text);
	} else if (*text) {
		shell->report("line %u: %s", number, text);
	} else {
		shell->report("line %u: '%s' has failed", number, line);
	}
}

/* Reads the next line. *line is NULL at the end (EXIT_DONE) and on failure (another exit code). */
static int
read_line(struct shell *shell, char **line)
{
	struct failure why = FAILURE_INIT;
	enum lineedit_outcome outcome;
	char *prompt = shell_prompt(shell);

	*line = NULL;
	if (!prompt) {
		shell->report("out of memory");
		return EXIT_FAILED;
	}
	outcome = lineedit_read(shell->lines, prompt, line, &why);
	free(prompt);
	if (outcome == LINEEDIT_LINE || outcome == LINEEDIT_END)
		return EXIT_DONE;
	warn_of_failure(shell, "", why.text);
	return outcome == LINEEDIT_MALFORMED ? EXIT_MISUSE : EXIT_FAILED;
}

/* Executes a line, reports its failure, and returns its exit code. */
static int
execute(struct shell *shell, const char *line)
{
	struct failure why = FAILURE_INIT;
	int status = shell_execute(shell, line, &why);

	if (status != EXIT_DONE && status != EXIT_PARTIAL)
		warn_of_failure(shell, line, why.text);
	return status;
}

int
repl_run(struct shell *shell)
{
	const bool is_script = !lineedit_is_terminal(shell->lines);
	int result = EXIT_DONE;
	char *line;

	while (!shell->is_over) {
		int status = read_line(shell, &line);

		if (!line && status != EXIT_DONE)
			return status;
		if (!line)
			break;
		status = execute(shell, line);
		free(line);
		if (is_script && status != EXIT_DONE && status != EXIT_PARTIAL)
			return status;
		if (is_script && status == EXIT_PARTIAL)
			result = EXIT_PARTIAL;
	}
	if (!shell_is_unsaved(shell))
		return result;
	shell->report("line %u: no 'save' before the end: the settings of '%s' are lost",
		      lineedit_number(shell->lines), shell->service);
	return EXIT_FAILED;
}
