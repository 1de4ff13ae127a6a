#include "shell/shell_bash.h"

#include "base/exitcode.h"
#include "base/process.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The lines of the script from here on: heap. NULL with why. */
static char *
read_rest(struct shell *shell, struct failure *why)
{
	struct strvec lines = STRVEC_INIT;
	enum lineedit_outcome outcome;
	char *line, *text = NULL;

	while ((outcome = lineedit_read(shell->lines, "", &line, why)) == LINEEDIT_LINE)
		strvec_push_nodup(&lines, line);
	strvec_push(&lines, "");
	if (outcome == LINEEDIT_END && !(text = strvec_join(&lines, "\n")))
		failure_nomem(why);
	strvec_release(&lines);
	return text;
}

static int
run(const struct shell *shell, int in, struct failure *why)
{
	static char *const bash[] = {"bash", NULL}, *const sh[] = {"sh", NULL};
	const int out = fileno(shell->out);
	struct failure unused;
	int status = process_run(bash, in, out, STDERR_FILENO, -1, &unused);

	return status < 0 ? process_run(sh, in, out, STDERR_FILENO, -1, why) : status;
}

int
shell_bash(struct shell *shell, struct failure *why)
{
	const bool is_script = !lineedit_is_terminal(shell->lines);
	char *text = is_script ? read_rest(shell, why) : NULL;
	int in = STDIN_FILENO, status;

	if (is_script && !text)
		return EXIT_FAILED;
	if (text)
		in = process_input_open(text, strlen(text), why);
	free(text);
	if (in < 0)
		return EXIT_FAILED;
	fflush(shell->out);
	status = run(shell, in, why);
	if (is_script)
		close(in);
	shell->is_over |= is_script;
	return status < 0 ? EXIT_FAILED : is_script ? status : EXIT_DONE;
}
