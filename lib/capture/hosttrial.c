#include "capture/hosttrial.h"

#include "base/clock.h"
#include "base/process.h"
#include "base/strvec.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_NS (10 * NS_PER_SECOND)
#define ERRORS_MAX  (16 << 10)

/* What vcap-run said last, without its name. */
static const char *
reason_of(char *said)
{
	static const char name[] = "vcap-run: ";
	const char *line = said && *said ? text_last_line(said) : "vcap-run says nothing";

	return strncmp(line, name, sizeof(name) - 1) == 0 ? line + sizeof(name) - 1 : line;
}

static int
run(char *const *argv, struct failure *why)
{
	int errors = process_output_open(ERRORS_MAX, why), status;
	char *said;

	if (errors < 0)
		return -1;
	status = process_run(argv, -1, -1, errors, PATIENCE_NS, why);
	if (status > 0) {
		said = process_output_text(errors);
		failure_set(why, "a capture of a moment failed: %s", reason_of(said));
		free(said);
	}
	close(errors);
	return status == 0 ? 0 : -1;
}

int
hosttrial_reply(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	int rc;

	(void)print;
	strvec_push_nodup(&argv, process_sibling("vcap-run"));
	strvec_pushl(&argv, "-t", "10ms", "-w", "-", NULL);
	for (; *operands; operands++)
		strvec_pushl(&argv, "-i", *operands, NULL);
	rc = argv.failed ? failure_nomem(why) : run(argv.list, why);
	strvec_release(&argv);
	if (rc == 0)
		fprintf(out, "trial yes\n");
	return rc;
}
