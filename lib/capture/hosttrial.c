#include "capture/hosttrial.h"

#include "base/clock.h"
#include "base/process.h"
#include "base/strvec.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_NS (10 * NS_PER_SECOND)
#define ERRORS_MAX  (16 << 10)

/* Runs the program beside this one with these words behind its name. */
static int
try_program(const char *name, const struct strvec *words, const char *what, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	char *path = process_sibling(name), *said = NULL;
	int errors = process_output_open(ERRORS_MAX, why), status = -1;

	if (path && access(path, F_OK) < 0) {
		failure_set(why, "there is no '%s' ('vcap push' brings all programs)", path);
	} else if (path && errors >= 0) {
		strvec_push(&argv, path);
		strvec_pushv(&argv, words->list);
		status = process_run(argv.list, -1, -1, errors, PATIENCE_NS, why);
		if (status > 0) {
			said = process_output_text(errors);
			failure_set(why, "%s: %s", what,
				    said && *said ? text_last_line(said) : "it says nothing");
		}
	}
	if (errors >= 0)
		close(errors);
	free(said);
	free(path);
	strvec_release(&argv);
	return status == 0 ? 0 : -1;
}

int
hosttrial_programs(struct failure *why)
{
	/* This one runs. */
	static const char *const names[] = {"vcap-run", "vcap-merge", "vcap-join"};
	struct strvec words = STRVEC_INIT;
	int rc = 0;

	strvec_push(&words, "--version");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && rc == 0; i++) {
		char what[64];

		snprintf(what, sizeof(what), "'%s' does not run", names[i]);
		rc = try_program(names[i], &words, what, why);
	}
	strvec_release(&words);
	return rc;
}

int
hosttrial_capture(const char *const *names, size_t name_count, struct failure *why)
{
	struct strvec words = STRVEC_INIT;
	int rc;

	strvec_pushl(&words, "-t", "10ms", "-w", "-", NULL);
	for (size_t i = 0; i < name_count; i++)
		strvec_pushl(&words, "-i", names[i], NULL);
	rc = try_program("vcap-run", &words, "a capture of a moment failed", why);
	strvec_release(&words);
	return rc;
}
