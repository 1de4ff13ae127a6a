/*
 * vcap-shell: captures as the command line of a load balancer would have them: what is set for a
 * service, in modes, and captures that saving starts and stops. A terminal is edited at; anything
 * else is a script.
 */
#include "base/process.h"
#include "cli.h"
#include "shell/lineedit.h"
#include "shell/lineinput.h"
#include "shell/shell.h"
#include "shell/store.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-shell",
    .synopsis = "[-c commands]",
    .options = "  -c, --commands commands  these lines, not standard input; may be repeated\n"
	       "      --help               show this help\n"
	       "      --version            show the version\n",
};

/* The lines of all -c; NULL without any. */
static char *
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"commands", required_argument, NULL, 'c'},
						CLI_OPTIONS};
	char *commands = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		char *before = commands;

		if (opt != 'c')
			cli_option(opt, argv);
		commands = xasprintf("%s%s\n", before ? before : "", optarg);
		free(before);
	}
	if (optind < argc)
		die_usage("takes no argument, but there is '%s'", argv[optind]);
	return commands;
}

static void
remark(void *dictation, const char *text)
{
	(void)dictation;
	fflush(stdout);
	warn("%s", text);
}

static char *
answer(void *dictation, const char *question)
{
	struct failure why = FAILURE_INIT;
	char *line;

	if (lineinput_ask(dictation, question, &line, &why) < 0)
		remark(dictation, why.text);
	return line;
}

static void
offer(void *console, const char *text, grammar_take *take, void *context)
{
	shell_next(console, text, take, context);
}

static void
ignore(int number)
{
	(void)number;
}

static struct lineedit *
open_terminal(struct shell *console)
{
	struct failure why = FAILURE_INIT;
	char *history = store_history(getenv, &why);
	struct lineedit *prompt;

	if (!history)
		warn("lines are not remembered: %s", why.text);
	setlocale(LC_CTYPE, "");
	/* ^C is for the command that runs, which does not inherit a handler. */
	sigaction(SIGINT, &(struct sigaction){.sa_handler = ignore, .sa_flags = SA_RESTART}, NULL);
	prompt = lineedit_new(history, offer, console);
	if (!prompt)
		die("cannot use the terminal");
	free(history);
	return prompt;
}

/* The next line, or NULL. */
static char *
next_line(struct lineinput *dictation, const struct shell *console)
{
	struct failure why = FAILURE_INIT;
	char *label = shell_prompt(console), *line;

	if (!label)
		die("out of memory");
	if (lineinput_next(dictation, label, &line, &why) < 0) {
		if (ferror(dictation->script))
			die("line %u: %s", dictation->line + 1, why.text);
		die_usage("line %u: %s", dictation->line, why.text);
	}
	free(label);
	return line;
}

static void
complain(const struct lineinput *dictation, const char *line, const char *text)
{
	fflush(stdout);
	if (dictation->prompt && *text)
		warn("%s", text);
	else if (!dictation->prompt && *text)
		warn("line %u: %s", dictation->line, text);
	else if (!dictation->prompt)
		warn("line %u: '%s' has failed", dictation->line, line);
}

/* Obeys line after line. A script ends with the first that cannot be obeyed. */
static int
converse(struct lineinput *dictation, struct shell *console)
{
	int outcome = EXIT_DONE;
	char *line;

	while (!console->is_over && (line = next_line(dictation, console))) {
		struct failure why = FAILURE_INIT;
		int status = shell_obey(console, line, &why);

		if (status != EXIT_DONE && status != EXIT_PARTIAL)
			complain(dictation, line, why.text);
		free(line);
		if (dictation->prompt || status == EXIT_DONE)
			continue;
		if (status != EXIT_PARTIAL)
			return status;
		outcome = EXIT_PARTIAL;
	}
	if (!shell_is_unsaved(console))
		return outcome;
	warn("line %u: no 'save' after this: what was set for '%s' is lost", dictation->line,
	     console->service);
	return EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	struct lineinput dictation = {.script = stdin};
	struct shell_user user = {answer, remark, &dictation, false};
	struct shell console = {.user = &user, .variable = getenv, .mode = GRAMMAR_TOP};
	char *commands;
	int status;

	cli_start(&self);
	commands = parse_options(argc, argv);
	if (process_siblings_first() < 0)
		die("out of memory");
	console.out = stdout;
	/* In order with what the commands it runs print. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (commands && !(dictation.script = fmemopen(commands, strlen(commands), "r")))
		die("out of memory");
	user.is_person = !commands && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (user.is_person)
		dictation.prompt = open_terminal(&console);
	status = converse(&dictation, &console);
	lineedit_free(dictation.prompt);
	shell_release(&console);
	return cli_finish(status);
}
