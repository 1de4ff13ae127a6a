/*
 * An engine captures while its lease is renewed, so none continues when this process is killed or
 * the network fails. To end the capture is therefore to end the leases: the engines send what they
 * still hold and close their streams, the merge reaches the end of all its inputs and exits. Each
 * step has a time limit, after which processes are terminated.
 */
#include "controller/live.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/mergecontrol.h"
#include "controller/capture_audit.h"
#include "controller/commands.h"
#include "controller/mergedfile.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* Time for the engines to send the rest, and for the merge to write it. */
#define GRACE_NS (5 * NS_PER_SECOND)

/* How long after their time limit engines may stream: they begin when they have been reached. */
#define OVERTIME_NS (30 * NS_PER_SECOND)

/* Time for the engines to send their time. */
#define CLOCK_NS (5 * NS_PER_SECOND)

/* Starts the stream of an engine, for what is left of the capture's time. */
static int
start_stream(void *context, struct livestream *stream, const char *name, struct failure *why)
{
	const struct live *live = context;
	const struct engine *engine = engines_find(&live->cli->engines, name, why);
	struct params params = live->cli->params;
	char **template, **argv = NULL;
	int rc;

	if (params.duration_ns > 0)
		params.duration_ns -= clock_monotonic_ns() - live->begun_ns;
	if (live->cli->params.duration_ns > 0 && params.duration_ns <= 0)
		params.duration_ns = 1;
	template = commands_stream(&params, live->cli->lease_ns);
	if (engine && template) {
		const struct commands_told told = {
		    .by = params.by,
		    .audit = live->cli->engines.audit == AUDIT_REQUIRED ? "required" : NULL};

		argv = commands_expand(engine, "live", told, template);
	}
	rc = livestream_start(stream, name, argv, why);
	strvec_free(template);
	strvec_free(argv);
	return rc;
}

int
live_start(struct live *live, const struct params_cli *cli, config_variable *variable,
	   struct failure *why)
{
	const int64_t now_ns = clock_monotonic_ns();

	live->cli = cli;
	live->begun_ns = now_ns;
	live->end_ns = INT64_MAX;
	if (cli->params.duration_ns > 0 &&
	    cli->params.duration_ns < INT64_MAX - OVERTIME_NS - now_ns)
		live->end_ns = now_ns + cli->params.duration_ns + OVERTIME_NS;
	live->streams.until_ns = INT64_MAX;
	if (live->end_ns < INT64_MAX)
		live->streams.until_ns = live->end_ns - OVERTIME_NS;
	live->streams.heartbeat_ns = cli->lease_ns / 3;
	live->heartbeat = HEARTBEAT_NONE;
	if (cli->heartbeat_ns)
		heartbeat_begin(&live->heartbeat, STDIN_FILENO, cli->heartbeat_ns);
	live->streams.limits =
	    cli->params.duration_ns || cli->params.count ? LIVESTREAM_LIMITED : LIVESTREAM_ENDLESS;
	live->streams.control = live->streams.wake = -1;
	live->streams.start = start_stream;
	live->streams.context = live;
	if (capture_audit_live(&cli->params, variable, why) < 0)
		return -1;
	return livestreams_open(&live->streams, cli->params.engines, why);
}

/* Starts the vcap-print that reads what is written to *out, or sets that to standard output. The caller
 * closes it unless it is. */
static int
start_print(struct live *live, int *out, struct failure *why)
{
	char *argv[] = {"vcap-print", "-", NULL};
	int ends[2], rc;

	live->print = PROCESS_INIT;
	*out = STDOUT_FILENO;
	if (!live->prints)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot make a pipe");
	rc = process_start(&live->print, argv, ends[0], STDOUT_FILENO, STDERR_FILENO, why);
	close(ends[0]);
	if (rc < 0)
		close(ends[1]);
	else
		*out = ends[1];
	return rc;
}

/* Starts the vcap-merge, whose end of the socket is control, and which writes to out. */
static int
start_merge(struct live *live, int control, int out, struct failure *why)
{
	const struct params *params = &live->cli->params;
	struct strvec argv = STRVEC_INIT;
	int rc;

	strvec_pushl(&argv, "vcap-merge", "--live", "-S", params->word, NULL);
	if (params->is_verbose)
		strvec_push(&argv, "--announce");
	if (fcntl(control, F_SETFD, 0) == 0)
		strvec_pushf(&argv, "--control=%d", control);
	strvec_pushf(&argv, "--comment=by %s", params->by);
	for (size_t i = 0; i < live->streams.count; i++)
		if (live->streams.list[i].correction_ns)
			clock_offset_correct(params->engines[i],
					     live->streams.list[i].correction_ns, &argv);
	mergedfile_add_regions(&live->cli->engines, &argv);
	strvec_push(&argv, "--");
	for (size_t i = 0; i < live->streams.count; i++) {
		const struct livestream *stream = &live->streams.list[i].stream;

		if (stream->out >= 0 && fcntl(stream->out, F_SETFD, 0) == 0)
			strvec_pushf(&argv, "%s=/dev/fd/%d", stream->engine, stream->out);
	}
	rc = argv.failed ? failure_nomem(why)
			 : process_start(&live->merge, argv.list, -1, out, STDERR_FILENO, why);
	strvec_release(&argv);
	for (size_t i = 0; i < live->streams.count; i++)
		fileio_close(&live->streams.list[i].stream.out);
	return rc;
}

int
live_merge(struct live *live, struct failure *why)
{
	int rc, out, ends[2];

	if (start_print(live, &out, why) < 0)
		return -1;
	livestreams_measure(&live->streams, CLOCK_NS);
	if (mergecontrol_pair(ends) < 0)
		return failure_errno(why, "cannot make a socket");
	rc = start_merge(live, ends[1], out, why);
	live->streams.control = ends[0];
	close(ends[1]);
	if (out != STDOUT_FILENO)
		close(out);
	return rc;
}

bool
live_has_reader(void)
{
	struct pollfd out = {STDOUT_FILENO, 0, 0};

	return poll(&out, 1, 0) <= 0 || !(out.revents & (POLLERR | POLLHUP));
}

static int
sum_up(const struct live *live, int merge_status)
{
	/* The engines' streams broke with it. */
	if (merge_status == EXIT_DONE && !live_has_reader())
		return EXIT_DONE;
	if (livestreams_have_failed(&live->streams) ||
	    (merge_status != EXIT_DONE && merge_status != EXIT_PARTIAL &&
	     merge_status != EXIT_TIMEOUT))
		return EXIT_FAILED;
	/* What an engine has left holds its stream open. Everything before is written. */
	if (merge_status == EXIT_TIMEOUT)
		return EXIT_PARTIAL;
	return livestreams_lack(&live->streams) ? EXIT_PARTIAL : merge_status;
}

/* The merge cannot write, and so does not read, until somebody reads what it has written. */
static bool
is_read(void)
{
	struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};

	return poll(&out, 1, 0) > 0;
}

/* Serves the streams until the merge ends (false), a signal arrives, a heartbeat does or ought to have, or
 * they have to have ended. */
static bool
serve(struct live *live)
{
	const int64_t end_ns =
	    live->heartbeat.end_ns < live->end_ns ? live->heartbeat.end_ns : live->end_ns;
	int64_t left_ns = -1;

	if (end_ns < INT64_MAX) {
		left_ns = end_ns - clock_monotonic_ns();
		if (left_ns < 0)
			left_ns = 0;
	}
	live->streams.wake = live->heartbeat.fd;
	return livestreams_serve(&live->streams, &live->merge, left_ns);
}

/* Whether somebody still wants the stream. */
static bool
is_wanted(struct live *live)
{
	struct pollfd in = {live->heartbeat.fd, POLLIN, 0};
	enum heartbeat_state state;

	if (*live->interrupted)
		return false;
	poll(&in, 1, 0);
	state = heartbeat_listen(&live->heartbeat, in.revents);
	if (state == HEARTBEAT_MISSED)
		live->report_silence();
	return state == HEARTBEAT_LASTS;
}

int
live_run(struct live *live)
{
	bool runs = true;
	int status;

	while (runs && is_wanted(live)) {
		runs = serve(live);
		if (clock_monotonic_ns() < live->end_ns)
			continue;
		if (is_read())
			break;
		live->end_ns = clock_monotonic_ns() + OVERTIME_NS;
	}
	live->streams.wake = -1;
	livestreams_release(&live->streams);
	if (runs)
		runs = livestreams_serve(&live->streams, &live->merge, GRACE_NS);
	if (!runs)
		livestreams_serve(&live->streams, NULL, GRACE_NS);
	livestreams_end(&live->streams);
	status = sum_up(live, process_wait(&live->merge, GRACE_NS));
	if (live->prints)
		process_wait(&live->print, GRACE_NS);
	return status;
}
