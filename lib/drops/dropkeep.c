#include "drops/dropkeep.h"

#include "base/fileio.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "filter/service.h"
#include "packet/bpf.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)16 << 20) /* bytes of a service, or of addresses */

/* What is asked for. */
struct asked {
	struct service service;
	struct selection selection;
	struct bpf program;
};

static int
read_service(struct asked *asked, struct failure *why)
{
	char *text;
	size_t size;
	int rc;

	if (fileio_slurp(DROPKEEP_SERVICE, TEXT_MAX, "service", &text, &size, why) < 0)
		return -1;
	rc = service_parse(&asked->service, "service", text, "service", why);
	free(text);
	asked->selection.service = &asked->service;
	return rc;
}

static int
read_specs(struct asked *asked, struct failure *why)
{
	char *text;
	size_t size;
	int rc;

	if (fileio_slurp(DROPKEEP_SPECS, TEXT_MAX, "specs", &text, &size, why) < 0)
		return -1;
	rc = addrset_add_lines(&asked->selection.set, text, "specs", why);
	asked->selection.has_specs = text[strspn(text, " \t\n")] != '\0';
	free(text);
	return rc;
}

static int
read_asked(struct asked *asked, const struct dropkeep *keep, struct failure *why)
{
	*asked = (struct asked){.service = SERVICE_INIT, .selection = SELECTION_INIT};
	/* Which health checks count, the program says. */
	asked->selection.monitors = MONITORS_INCLUDE;
	if (read_service(asked, why) < 0 || read_specs(asked, why) < 0 ||
	    selection_decide(&asked->selection, why) < 0)
		return -1;
	return keep->bytecode ? bpf_parse(&asked->program, keep->bytecode, why) : 0;
}

static void
release_asked(struct asked *asked)
{
	selection_release(&asked->selection);
	service_release(&asked->service);
	bpf_release(&asked->program);
}

/* Of a ring, further files can be made and removed in its directory. */
static int
confine(const struct dropcapture_options *options, struct failure *why)
{
	if (!options->rolling_ns)
		return sandbox_confine(-1, NULL, why);
	if (priv_drop_all(why) < 0 ||
	    sandbox_confine_files(SANDBOX_ENFORCE, options->dir, NULL, why) < 0)
		return -1;
	return sandbox_confine_calls(SANDBOX_ENFORCE, SANDBOX_CALLS_CAPTURE, SANDBOX_OPENS_NONE,
				     why);
}

static enum dropcapture_end
run(const struct dropcapture_options *options, FILE *told, struct dropcapture_counts *counts,
    struct failure *why)
{
	enum dropcapture_end end = DROPCAPTURE_FAILED;
	struct dropcapture *capture;

	if (priv_keep_bpf(why) < 0 || !(capture = dropcapture_open(options, why)))
		return DROPCAPTURE_FAILED;
	if (confine(options, why) == 0) {
		fputs("ready\n", told);
		fflush(told);
		end = dropcapture_run(capture, counts, why);
	}
	if (end != DROPCAPTURE_FAILED) {
		fprintf(told, "%" PRIu64 " %" PRIu64 "\n", counts->written, counts->bytes);
		fflush(told);
	}
	dropcapture_close(capture);
	return end;
}

enum dropcapture_end
dropkeep_run(const struct dropkeep *keep, const struct dropcapture_options *options,
	     struct dropcapture_counts *counts, struct failure *why)
{
	struct dropcapture_options all = *options;
	enum dropcapture_end end = DROPCAPTURE_FAILED;
	struct asked asked;

	all.selection = &asked.selection;
	all.program = &asked.program;
	all.labels = DROPCAPTURE_ENGINE;
	all.told = keep->told;
	/* Opened here: the capture's own descriptor has its lock. */
	if (all.rolling_ns)
		all.dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		all.fd = DROPKEEP_FILE;
	if (all.rolling_ns && all.dir < 0)
		return failure_errno(why, "cannot open '.'"), DROPCAPTURE_FAILED;
	signal(SIGPIPE, SIG_IGN); /* the files end well, whether or not anybody hears of it */
	all.is_file = true;
	all.life = STDIN_FILENO;
	if (priv_check_bpf(why) < 0)
		return DROPCAPTURE_FAILED;
	if (read_asked(&asked, keep, why) == 0)
		end = run(&all, keep->told, counts, why);
	release_asked(&asked);
	return end;
}
