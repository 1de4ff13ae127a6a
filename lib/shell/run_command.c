#include "shell/run_command.h"

#include "base/clock.h"
#include "base/process.h"
#include "base/strvec.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 16 }; /* bytes of what a command prints */

static int
run(struct strvec *words, int in, int out, struct failure *why)
{
	char **argv = strvec_detach(words);
	int status = argv ? process_run(argv, in, out, STDERR_FILENO, -1, why) : failure_nomem(why);

	strvec_free(argv);
	return status;
}

/* Runs a command and stores the first line that it prints in *answer, on the heap; NULL: none. */
static int
run_and_read(struct strvec *words, int in, char **answer, struct failure *why)
{
	int out = process_output_open(ANSWER_MAX, why);
	int status = out < 0 ? -1 : run(words, in, out, why);
	char *text = status < 0 ? NULL : process_output_text(out);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	*answer = text && *text ? text : NULL;
	if (!*answer)
		free(text);
	if (out >= 0)
		close(out);
	if (out < 0)
		strvec_release(words);
	return status;
}

/* As run_and_read, with SIGINT ignored, which the command inherits. */
static int
run_uninterrupted(struct strvec *words, int in, char **answer, struct failure *why)
{
	struct sigaction before;
	int status;

	sigaction(SIGINT, &(struct sigaction){.sa_handler = SIG_IGN}, &before);
	status = run_and_read(words, in, answer, why);
	sigaction(SIGINT, &before, NULL);
	return status;
}

/* Opens a standard input with the addresses, one a line. -1: there are none; or with why, a
 * failure. */
static int
open_addresses(const struct settings *settings, struct failure *why)
{
	struct strvec all = STRVEC_INIT;
	char *text;
	int fd;

	if (settings_address_count(settings) == 0)
		return -1;
	for (int i = 0; i < SETTINGS_KINDS; i++)
		if (settings->lists[i].list)
			strvec_pushv(&all, settings->lists[i].list);
	text = all.failed ? NULL : strvec_join(&all, "\n");
	strvec_release(&all);
	fd = text ? process_input_open(text, strlen(text), why) : failure_nomem(why);
	free(text);
	return fd;
}

int
run_command_start(const struct settings *settings, const char *service, char **id,
		  struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	struct failure detail = FAILURE_INIT;
	int in = open_addresses(settings, &detail), status;

	*id = NULL;
	if (detail.text[0])
		return failure_set(why, "%s", detail.text);
	/* 0, no limit, is passed as well, since the defaults of vcap-start may differ. */
	strvec_push(&argv, "vcap-start");
	strvec_pushf(&argv, "-c%" PRIu64, settings->count);
	strvec_pushf(&argv, "-t" CLOCK_FORMAT "s", CLOCK_ARGS(settings->duration_ns));
	strvec_pushf(&argv, "-s%" PRIu64, settings->snaplen);
	strvec_pushf(&argv, "-m%s", settings_monitors(settings));
	if (settings->rolling_ns)
		strvec_pushf(&argv, "--rolling=" CLOCK_FORMAT "s",
			     CLOCK_ARGS(settings->rolling_ns));
	strvec_push(&argv, "--");
	strvec_push(&argv, service);
	if (in >= 0)
		strvec_push(&argv, "-");
	status = run_uninterrupted(&argv, in, id, why);
	if (in >= 0)
		close(in);
	return status;
}

int
run_command_stop(const char *id, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	char *nothing;
	int status;

	strvec_pushl(&argv, "vcap-stop", "-n", "--", id, NULL);
	status = run_uninterrupted(&argv, -1, &nothing, why);
	free(nothing);
	return status;
}

int
run_command_wait(const char *id, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-wait", "--", id, NULL);
	return run(&argv, -1, -1, why);
}

int
run_command_export(const char *id, const char *format, const char *directory, char **path,
		   struct failure *why)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-export", "-F", format, "--", id, directory, NULL);
	return run_and_read(&argv, -1, path, why);
}

/* Runs a command whose output follows what has been written to out. */
static int
run_to(struct strvec *argv, FILE *out, struct failure *why)
{
	if (fflush(out) != 0) {
		strvec_release(argv);
		return failure_errno(why, "cannot write to standard output");
	}
	return run(argv, -1, fileno(out), why);
}

int
run_command_status(const char *id, FILE *out, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-status", "--", id, NULL);
	return run_to(&argv, out, why);
}

int
run_command_snapshot(const char *service, FILE *out, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-snapshot", "--", service, NULL);
	return run_to(&argv, out, why);
}

int
run_command_services(FILE *out, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-services", "-o", "NAME,VIPS,SERVERS,ENGINES", NULL);
	return run_to(&argv, out, why);
}
