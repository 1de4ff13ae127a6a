/* vcap-run: captures on this host, on all CPUs, into a directory or a stream. */
#include "base/clock.h"
#include "base/daemon.h"
#include "base/priv.h"
#include "base/process.h"
#include "capture/notices.h"
#include "capture/run_options.h"
#include "capture/runlist.h"
#include "cli.h"
#include "controller/gate.h"
#include "controller/limited_run.h"
#include "filter/ssh_connection.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command command = {
    .name = "vcap-run",
    .says = "Captures on this host, on all CPUs.",
    .examples = "vcap-run -i eth0 -t 30s -w - | tshark -r -\nvcap-filter -S shop | vcap-run -f - "
		"-t 5 -w /tmp/capture\n",
    .synopsis = "[-i iface] [--wait iface] [-f prog] [-S service] [--with-ssh] [-c count] [-t "
		"time] [-s snaplen] [-C size "
		"[-W files]] [--rolling time] "
		"[-R reserve] [-b size] [-n name] [--max-size size] [--lease[=time]] "
		"[--sandbox mode] [--detach] [--token token] [--by word] [--audit required] "
		"[--flows source] [--keys source] [--drops] [--on trigger] ... -w dir [-- filter "
		"[arg ...]]",
    .options = RUN_OPTIONS_HELP,
};

static void
read_options(struct run_options *options, int argc, char **argv)
{
	static const struct option long_options[] = {RUN_OPTIONS_LONG, CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, "+:" RUN_OPTIONS_LETTERS, long_options, NULL)) !=
	       -1) {
		if (opt == '?' || opt == ':' || opt >= CLI_HELP)
			cli_option(opt, argv);
		if (run_options_set(options, opt, optarg, &why) < 0)
			die_usage("%s", why.text);
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		die_usage("unexpected argument '%s'", argv[optind]);
	if (optind < argc)
		options->session.filter = argv + optind;
	if (run_options_check(options, &why) < 0 ||
	    (cli_is_for_another() &&
	     gate_check_run(&(struct gate_run){options->job, options->session.path,
					       options->session.flows, options->session.triggers,
					       options->session.filter, options->service},
			    &why) < 0))
		die_usage("%s", why.text);
	if (!options->session.path && isatty(STDOUT_FILENO))
		die_usage("standard output is a terminal: use -w file or a pipe");
}

static void
read_job(const struct run_options *options, struct job *job, struct bpf *program)
{
	const char *path = options->job;
	struct failure why;

	if (path && job_load(job, path, options->capture.lease_ns, &why) < 0)
		die("%s", why.text);
	if (job->filter && *job->filter && bpf_parse(program, job->filter, &why) < 0)
		die_usage("%s: %s", strcmp(path, "-") == 0 ? "job" : path, why.text);
	if (options->service &&
	    limited_run_program(&(struct limited_run){job->service, options->session.filter},
				options->service, getenv, program, &why) < 0)
		die("%s", why.text);
}

static void
choose_interfaces(const struct ifrule *rule, struct ifaces *ifaces)
{
	struct failure why;

	if (ifaces_read(ifaces, &why) < 0 || ifrule_check(rule, ifaces, &why) < 0)
		die("%s", why.text);
	ifrule_apply(rule, ifaces);
	notices_interfaces(ifaces, rule, warn);
}

/* Runs the session to its end. Returns the exit status. */
static int
run(struct run_options *options, const struct daemon *detached)
{
	static const int statuses[] = {
	    [CAPTURE_DONE] = EXIT_DONE,
	    [CAPTURE_PARTIAL] = EXIT_PARTIAL,
	    [CAPTURE_FAILED] = EXIT_FAILED,
	};
	struct session session;
	struct capture *capture = &session.capture;
	enum capture_end end;
	struct failure why;

	if (session_begin(&session, &options->capture, &options->session, &why) < 0)
		die("%s", why.text);
	notices_limits(&options->capture, warn);
	if (options->session.detached)
		daemon_ready(detached, session.log_fd);
	end = capture_wait(capture);
	notices_end(capture, warn);
	/* A reader that closed the stream has all it wants. */
	return capture->runstate.reason == STOP_CLOSED ? EXIT_DONE : statuses[end];
}

int
main(int argc, char **argv)
{
	struct run_options options = RUN_OPTIONS_INIT;
	struct ifaces ifaces = IFACES_INIT;
	struct ifrule rule;
	struct job job = JOB_INIT;
	struct bpf program = BPF_INIT;
	struct daemon daemon;
	struct failure why;
	int status = EXIT_DONE, rc = 0;

	cli_start(&command);
	/* An inherited descriptor would keep its other end waiting. */
	process_close(STDERR_FILENO + 1, ~0U, PROCESS_CLOSE_NOW);
	read_options(&options, argc, argv);
	cli_siblings_first();
	read_job(&options, &job, &program);
	if (!options.with_ssh && program.count == 0)
		ssh_connection_leave_out(getenv("SSH_CONNECTION"), &program, warn);
	if (options.session.detached)
		rc = daemon_detach(&daemon, &status, &why);
	if (rc > 0)
		return session_answer(status, stdout);
	if (rc < 0 || priv_check_net_raw(&why) < 0)
		die("%s", why.text);
	if (options.session.detached && options.session.path)
		runlist_expire_beside(options.session.path, warn);
	rule = run_options_rule(&options);
	choose_interfaces(&rule, &ifaces);
	options.capture.rule = &rule;
	options.capture.interfaces = &ifaces;
	options.capture.program = &program;
	options.session.job = &job;
	return run(&options, &daemon);
}
