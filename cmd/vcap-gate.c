/*
 * vcap-gate: the forced command of a controller's ssh key on an engine. It parses the command line
 * that vcap-on sent, without a shell, and executes it only if it is a vcap command on a capture in
 * the directory for captures.
 */
#include "base/audit.h"
#include "base/process.h"
#include "base/shquote.h"
#include "base/strvec.h"
#include "cli.h"
#include "controller/engine.h"
#include "controller/gate_exec.h"
#include "flows/keysource_spec.h"
#include "flows/trigger_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-gate",
    .says = "Restricts a controller's key to vcap's commands on an engine.",
    .examples = "restrict,command=\"/usr/bin/vcap-gate\" ssh-ed25519 AAAA...\n",
    .synopsis = "[--allow-keys[=source]] [--flows source] [--headers-only] [--service "
		"service] [--sudo] [--watch file] ... [dir]",
    .options = "      --allow-keys[=source]\n"
	       "                      TLS keys may be kept and fetched, from this source alone\n"
	       "      --flows source  pairs that may be read besides those of conntrack, as the\n"
	       "                      engines file has them: haproxy:SOCKET or log:FILE\n"
	       "      --headers-only  captures keep no payload, and none is read from them\n"
	       "      --service service\n"
	       "                      captures are of this one alone, as its file here has it\n"
	       "      --sudo          commands come, and are run, with 'sudo -n'\n"
	       "      --watch file    lines that may be watched, as watch= there has them\n",
};

static struct gate
parse_options(int argc, char **argv)
{
	enum { FLOWS = 0x100, HEADERS, KEYS, SERVICE, SUDO, WATCH };
	static const struct option options[] = {{"allow-keys", optional_argument, NULL, KEYS},
						{"flows", required_argument, NULL, FLOWS},
						{"headers-only", no_argument, NULL, HEADERS},
						{"service", required_argument, NULL, SERVICE},
						{"sudo", no_argument, NULL, SUDO},
						{"watch", required_argument, NULL, WATCH},
						CLI_OPTIONS};
	struct gate gate = {.directory = ENGINE_DIRECTORY};
	struct strvec watched = STRVEC_INIT;
	struct pairsource_spec source;
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case FLOWS: gate.flows = optarg; break;
		case HEADERS: gate.headers_only = true; break;
		case KEYS:
			gate.allows_keys = true;
			gate.keys = optarg;
			break;
		case SERVICE: gate.service = optarg; break;
		case SUDO: gate.sudo = true; break;
		case WATCH:
			strvec_push(&watched, optarg);
			if (!trigger_spec_is_path(optarg))
				die_usage("not an absolute path: '%s'", optarg);
			break;
		default: cli_option(opt, argv);
		}
	}
	if ((gate.flows && pairsource_spec_parse(&source, gate.flows, &why) < 0) ||
	    (gate.keys && keysource_spec_parse(&source, gate.keys, &why) < 0))
		die_usage("%s", why.text);
	if (gate.service && !gate_is_service(gate.service, gate.sudo))
		die_usage("not the %s of a service: '%s'",
			  gate.sudo ? "name" : "name or absolute path", gate.service);
	gate.watched = strvec_detach(&watched);
	/* Without payload they would open nothing. */
	gate.allows_keys &= !gate.headers_only;
	if (argv[optind])
		gate.directory = argv[optind++];
	if (argv[optind])
		die_usage("unexpected argument '%s'", argv[optind]);
	if (gate.directory[0] != '/' || gate.directory[strlen(gate.directory) - 1] == '/')
		die_usage("not an absolute path without '/' at its end: '%s'", gate.directory);
	return gate;
}

/* Says in the log what was refused, and exits. */
static _Noreturn void
refuse(const char *line, const char *reason)
{
	struct audit audit;

	audit_begin(&audit, "refuse");
	audit_add(&audit, "command", line);
	audit_add(&audit, "reason", reason);
	audit_add_caller(&audit);
	audit_write(&audit, AUDIT_WANTED, NULL);
	die_usage("%s", reason);
}

/* Executes the command, with an environment that the sender cannot influence. */
static _Noreturn void
execute(const struct gate *gate, char *const *command)
{
	const char *client = getenv("SSH_CONNECTION");
	struct strvec argv = STRVEC_INIT;
	char **words, *program, *kept = client ? xstrdup(client) : NULL;

	if (gate->sudo)
		strvec_pushl(&argv, "sudo", "-n", "--", NULL);
	/* Neither PATH nor the sender decides which program this is. */
	program = process_sibling(gate_name(*command));
	if (!program)
		die("cannot find this program's path: %s", strerror(errno));
	strvec_push_nodup(&argv, program);
	gate_exec_push(gate, command, &argv);
	words = strvec_detach(&argv);
	/* sshd's word, for the log. */
	if (!words || clearenv() != 0 || setenv("PATH", CLI_SAFE_PATH, 1) != 0 ||
	    (kept && setenv("SSH_CONNECTION", kept, 1) != 0))
		die("out of memory");
	execvp(*words, words);
	die("cannot run '%s': %s", *words, strerror(errno));
}

int
main(int argc, char **argv)
{
	struct failure why = FAILURE_INIT;
	const char *line = getenv("SSH_ORIGINAL_COMMAND");
	char *const *command;
	struct gate gate;
	char **words;

	cli_start(&self);
	gate = parse_options(argc, argv);
	if (!line)
		refuse(NULL, "this key allows only vcap commands");
	words = shquote_split(line, &why);
	command = words ? gate_admit(&gate, words, &why) : NULL;
	if (!command)
		refuse(line, why.text);
	execute(&gate, command);
}
