/*
 * vcap-shell: a shell for captures like that of a load balancer. The settings of a service are
 * edited in modes, and saving them starts or stops a capture. Standard input is a script unless it
 * is a terminal.
 */
#include "cli.h"
#include "shell/lineedit.h"
#include "shell/repl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-shell",
    .says = "Captures in the words of a load balancer's command line.",
    .examples = "vcap shell\nvcap shell -c 'show debug virtualservice shop capture'\n",
    .synopsis = "[-c commands]",
    .options = "  -c, --commands commands  these lines, not standard input; may be repeated\n",
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
		die_usage("unexpected argument '%s'", argv[optind]);
	return commands;
}

static void
open_lines(struct shell *shell, char *commands)
{
	FILE *script = stdin;

	if (!commands && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		if (repl_open_terminal(shell) < 0)
			die("cannot use the terminal");
		return;
	}
	if (commands)
		script = fmemopen(commands, strlen(commands), "r");
	if (script)
		shell->lines = lineedit_open_script(script);
	if (!shell->lines)
		die("out of memory");
}

int
main(int argc, char **argv)
{
	struct shell shell = SHELL_INIT;
	char *commands;
	int status;

	cli_start(&self);
	commands = parse_options(argc, argv);
	cli_siblings_first();
	/* In order with the output of the commands that it runs. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	shell.out = stdout;
	shell.variable = getenv;
	shell.report = warn;
	open_lines(&shell, commands);
	status = repl_run(&shell);
	lineedit_close(shell.lines);
	shell_release(&shell);
	return cli_finish(status);
}
