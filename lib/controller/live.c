/*
 * An engine captures while its lease is renewed, so none continues when this process is killed or
 * the network fails. To end the capture is therefore to end the leases: the engines send what they
 * still hold and close their streams, the merge reaches the end of all its inputs and exits. Each
 * step has a time limit, after which processes are terminated.
 */
#include "controller/live.h"

#include "base/clock.h"
#include "base/exitcode.h"
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

static int
start_stream(struct livestreams *streams, const char *name, const struct params_cli *cli,
	     char *const *template, struct failure *why)
{
	struct livestream *stream = &streams->list[streams->count];
	const struct engine *engine = engines_find(&cli->engines, name, why);
	const struct commands_told told = {
	    .by = cli->params.by,
	    .audit = cli->engines.audit == AUDIT_REQUIRED ? "required" : NULL};
	char **argv = engine ? commands_expand(engine, "live", told, template) : NULL;
	struct failure reason;

	if (!argv)
		return engine ? failure_nomem(why) : -1;
	if (livestream_start(stream, name, argv, &reason) < 0)
		streams->report(stream, reason.text);
	strvec_free(argv);
	return 0;
}

int
live_start(struct live *live, const struct params_cli *cli, config_variable *variable,
	   struct failure *why)
{
	char **template = commands_stream(&cli->params, cli->lease_ns);
	size_t count = 0;
	int rc = template ? capture_audit_live(&cli->params, variable, why) : failure_nomem(why);

	live->end_ns = INT64_MAX;
	if (cli->params.duration_ns > 0 &&
	    cli->params.duration_ns < INT64_MAX - OVERTIME_NS - clock_monotonic_ns())
		live->end_ns = clock_monotonic_ns() + cli->params.duration_ns + OVERTIME_NS;
	live->streams.heartbeat_ns = cli->lease_ns / 3;
	while (cli->params.engines[count])
		count++;
	live->streams.list = calloc(count + 1, sizeof(*live->streams.list));
	if (!live->streams.list)
		rc = failure_nomem(why);
	for (live->streams.count = 0; live->streams.count < count && rc == 0; live->streams.count++)
		rc = start_stream(&live->streams, cli->params.engines[live->streams.count], cli,
				  template, why);
	strvec_free(template);
	return rc;
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

int
live_merge(struct live *live, const struct params_cli *cli, clock_compare_report *clocks,
	   struct failure *why)
{
	const struct params *params = &cli->params;
	struct strvec argv = STRVEC_INIT, corrections = STRVEC_INIT;
	int rc, out;

	if (start_print(live, &out, why) < 0)
		return -1;
	clock_compare_engines(params->engines, CLOCK_NS, &corrections, clocks);

	strvec_pushl(&argv, "vcap-merge", "--live", "-S", params->word, NULL);
	if (params->is_verbose)
		strvec_push(&argv, "--announce");
	strvec_pushf(&argv, "--comment=by %s", params->by);
	for (size_t i = 0; i < corrections.count; i++)
		strvec_pushf(&argv, "-o%s", corrections.list[i]);
	mergedfile_add_regions(&cli->engines, &argv);
	strvec_push(&argv, "--");
	for (size_t i = 0; i < live->streams.count; i++) {
		const struct livestream *stream = &live->streams.list[i];

		if (stream->out >= 0 && fcntl(stream->out, F_SETFD, 0) == 0)
			strvec_pushf(&argv, "%s=/dev/fd/%d", stream->engine, stream->out);
	}
	rc = argv.failed ? failure_nomem(why)
			 : process_start(&live->merge, argv.list, -1, out, STDERR_FILENO, why);
	if (out != STDOUT_FILENO)
		close(out);
	for (size_t i = 0; i < live->streams.count; i++)
		close(live->streams.list[i].out);
	strvec_release(&corrections);
	strvec_release(&argv);
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
	size_t failed = 0;

	/* The engines' streams broke with it. */
	if (merge_status == EXIT_DONE && !live_has_reader())
		return EXIT_DONE;
	for (size_t i = 0; i < live->streams.count; i++)
		failed += live_has_failed(&live->streams.list[i]);
	if (failed == live->streams.count ||
	    (merge_status != EXIT_DONE && merge_status != EXIT_PARTIAL &&
	     merge_status != EXIT_TIMEOUT))
		return EXIT_FAILED;
	/* What an engine has left holds its stream open. Everything before is written. */
	if (merge_status == EXIT_TIMEOUT)
		return EXIT_PARTIAL;
	return failed ? EXIT_PARTIAL : merge_status;
}

/* The merge cannot write, and so does not read, until somebody reads what it has written. */
static bool
is_read(void)
{
	struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};

	return poll(&out, 1, 0) > 0;
}

/* Serves the streams until the merge ends (false), a signal arrives or they have to have ended. */
static bool
serve(struct live *live)
{
	int64_t left_ns = -1;

	if (live->end_ns < INT64_MAX) {
		left_ns = live->end_ns - clock_monotonic_ns();
		if (left_ns < 0)
			left_ns = 0;
	}
	return livestreams_serve(&live->streams, &live->merge, left_ns);
}

int
live_run(struct live *live)
{
	bool runs = true;
	int status;

	while (runs && *live->interrupted == 0) {
		runs = serve(live);
		if (clock_monotonic_ns() < live->end_ns)
			continue;
		if (is_read())
			break;
		live->end_ns = clock_monotonic_ns() + OVERTIME_NS;
	}
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

bool
live_has_failed(const struct livestream *stream)
{
	return stream->has_ended && stream->status != EXIT_DONE && stream->status != EXIT_PARTIAL;
}
