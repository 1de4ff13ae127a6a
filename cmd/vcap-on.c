/*
 * vcap-on: runs a command on an engine by executing the transport's command in place of this
 * process, but for ssh, whose connection may be made again. A failure before the command starts is
 * status 255, as with ssh.
 */
#include "cli.h"
#include "controller/engine.h"
#include "controller/framed.h"
#include "controller/sshmux.h"
#include "controller/sshrun.h"
#include "controller/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-on",
    .says = "Runs a command on an engine.",
    .examples = "vcap-on lb1 vcap-host check\n",
    .synopsis = "[--answer before] engine command [arg ...]",
    .options = "      --answer before  a command of vcap's: what the engine prints before its\n"
	       "                       answer: skip it, or tell it on standard error\n",
};

enum { ANSWER = 0x100 };

static enum framed_before
parse_before(const char *word)
{
	if (strcmp(word, "tell") != 0 && strcmp(word, "skip") != 0)
		die_usage("'--answer' is 'skip' or 'tell': '%s'", word);
	return strcmp(word, "tell") == 0 ? FRAMED_TELL : FRAMED_SKIP;
}

/* Exits unless the engine has to be asked in the plain way: with `local` there is no shell. */
static void
run_framed(const struct engine *engine, char *const *command, enum framed_before before)
{
	struct failure why = FAILURE_INIT;
	int status;

	if (engine->transport == ENGINE_LOCAL)
		return;
	status = framed_run(engine, command, before, &why);
	if (status == FRAMED_UNKNOWN)
		return;
	if (why.text[0])
		warn("%s", why.text);
	exit(status < 0 ? EXIT_NOT_REACHED : status);
}

/* Exits because the transport could not be started; with `local`, which has none, the command could
 * not. */
static _Noreturn void
fail_exec(const struct engine *engine, const char *program)
{
	int status = EXIT_NOT_REACHED;

	if (engine->transport == ENGINE_LOCAL)
		status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	warn("cannot run '%s' for engine '%s': %s", program, engine->name, strerror(errno));
	exit(status);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"answer", required_argument, NULL, ANSWER},
						CLI_OPTIONS};
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	const struct engine *engine;
	char **command;
	enum framed_before before = FRAMED_SKIP;
	bool is_framed = false;
	int opt, status;

	cli_start(&self);
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		if (opt == ANSWER) {
			before = parse_before(optarg);
			is_framed = true;
		} else {
			cli_option(opt, argv);
		}
	}
	if (argc - optind < 2)
		die_usage("needs an engine and a command (try --help)");
	if (engines_load(&engines, getenv, &why) < 0)
		die_usage("%s", why.text);
	engine = engines_find(&engines, argv[optind], &why);
	if (!engine)
		die_usage("%s", why.text);
	cli_siblings_first();
	if (is_framed)
		run_framed(engine, argv + optind + 1, before);
	command = transport_command(engine, argv + optind + 1);
	if (command && engine->transport == ENGINE_SSH) {
		status = sshrun(command, sshmux_is_used(engine) ? SSHRUN_SHARED : SSHRUN_OWN, &why);
		if (status < 0)
			warn("engine '%s': %s", engine->name, why.text);
		return status < 0 ? EXIT_NOT_REACHED : status;
	}
	if (command)
		execvp(command[0], command);
	fail_exec(engine, command ? command[0] : argv[optind + 1]);
}
