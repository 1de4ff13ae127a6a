/*
 * vcap-on: runs a command on an engine by executing the transport's command in place of this
 * process, but for ssh, whose connection may be made again. A failure before the command starts is
 * status 255, as with ssh.
 */
#include "cli.h"
#include "controller/engine.h"
#include "controller/sshrun.h"
#include "controller/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-on",
    .synopsis = "engine command [arg ...]",
    .options = "  --help     show this help\n"
	       "  --version  show the version\n",
};

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
	static const struct option options[] = {CLI_OPTIONS};
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	const struct engine *engine;
	char **command;
	int opt, status;

	cli_start(&self);
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1)
		cli_option(opt, argv);
	if (argc - optind < 2)
		die_usage("needs an engine and a command (try --help)");
	if (engines_load(&engines, getenv, &why) < 0)
		die_usage("%s", why.text);
	engine = engines_find(&engines, argv[optind], &why);
	if (!engine)
		die_usage("%s", why.text);
	cli_siblings_first();
	command = transport_command(engine, argv + optind + 1);
	if (command && engine->transport == ENGINE_SSH) {
		status = sshrun(command, &why);
		if (status < 0)
			warn("engine '%s': %s", engine->name, why.text);
		return status < 0 ? EXIT_NOT_REACHED : status;
	}
	if (command)
		execvp(command[0], command);
	fail_exec(engine, command ? command[0] : argv[optind + 1]);
}
