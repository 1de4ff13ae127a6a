/*
 * vcap-gate: the forced command of a controller's ssh key on an engine. It parses the command line
 * that vcap-on sent, without a shell, and executes it only if it is a vcap command on a capture in
 * the directory for captures, or a larger controller's request to a region.
 */
#include "base/audit.h"
#include "base/process.h"
#include "base/shquote.h"
#include "base/strvec.h"
#include "cli.h"
#include "controller/gate_exec.h"
#include "controller/gate_key.h"

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
		"service] [--sudo] [--watch file] ... [dir]\n"
		"--region [--allow-keys] [--config dir] [--headers-only] [--service service] "
		"[--spool dir]",
    .options = "      --allow-keys[=source]\n"
	       "                      TLS keys may be kept and fetched, from this source alone\n"
	       "      --config dir    with --region: its services and engines (the user's)\n"
	       "      --flows source  pairs that may be read besides those of conntrack, as the\n"
	       "                      engines file has them: haproxy:SOCKET or log:FILE\n"
	       "      --headers-only  captures keep no payload, and none is read from them\n"
	       "      --region        what a larger controller asks of this one, of no engine\n"
	       "      --service service\n"
	       "                      captures are of this one alone, as its file here has it\n"
	       "      --spool dir     with --region: its captures (the user's)\n"
	       "      --sudo          commands come, and are run, with 'sudo -n'\n"
	       "      --watch file    lines that may be watched, as watch= there has them\n",
};

static void
parse_options(int argc, char **argv, struct gate_key *key)
{
	static const struct option options[] = {GATE_KEY_OPTIONS, CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt, rc = 1;

	while (rc >= 0 && (opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		rc = gate_key_option(key, opt, optarg, &why);
		if (rc == 0)
			cli_option(opt, argv);
	}
	if (rc < 0 || gate_key_complete(key, argv + optind, &why) < 0)
		die_usage("%s", why.text);
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
execute(struct gate_key *key, char *const *command)
{
	struct strvec argv = STRVEC_INIT;
	struct failure why = FAILURE_INIT;
	char **words, *program;

	if (key->gate.sudo)
		strvec_pushl(&argv, "sudo", "-n", "--", NULL);
	/* Neither PATH nor the sender decides which program this is. */
	program = process_sibling(gate_name(*command));
	if (!program)
		die("cannot find this program's path: %s", strerror(errno));
	strvec_push_nodup(&argv, program);
	gate_exec_push(&key->gate, command, &argv);
	words = strvec_detach(&argv);
	if (!words)
		die("out of memory");
	if (gate_key_enter(key, CLI_SAFE_PATH, &why) < 0)
		die("%s", why.text);
	execvp(*words, words);
	die("cannot run '%s': %s", *words, strerror(errno));
}

int
main(int argc, char **argv)
{
	struct failure why = FAILURE_INIT;
	const char *line = getenv("SSH_ORIGINAL_COMMAND");
	struct gate_key key = {0};
	char *const *command;
	char **words;

	cli_start(&self);
	parse_options(argc, argv, &key);
	if (!line)
		refuse(NULL, "this key allows only vcap commands");
	words = shquote_split(line, &why);
	command = words ? gate_admit(&key.gate, words, &why) : NULL;
	if (!command)
		refuse(line, why.text);
	execute(&key, command);
}
