/*
 * vcap-drops: captures the packets of a service that the kernel drops on this host, with the reason.
 */
#include "base/outfile.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "cli.h"
#include "controller/config.h"
#include "drops/drop_options.h"
#include "drops/dropcapture.h"
#include "drops/dropkeep.h"
#include "drops/dropprobe.h"
#include "filter/specs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-drops",
    .says = "Captures the packets of a service that the kernel drops on this host, and why.",
    .examples = "vcap-drops -S shop -t 10s -w dropped.pcapng\nvcap-drops -S shop -w - | tshark -r "
		"- -T fields -e frame.comment -e ip.src\n",
    .synopsis = "[-n name] [-s snaplen] [-t time] [-c count] -S service -w file [spec ...]\n"
		"--keep reserve [-n name] [-s snaplen] [--rolling time] [--max-size size] "
		"[--bytecode prog]",
    .options = DROP_OPTIONS_HELP,
};

struct request {
	struct selection selection;
	struct service service;
	struct drop_options options;
};

static void
warn_all(const struct strvec *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		warn("%s", lines->list[i]);
}

static void
parse_options(struct drop_options *options, int argc, char **argv)
{
	static const struct option table[] = {DROP_OPTIONS_LONG, CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" DROP_OPTIONS_LETTERS, table, NULL)) != -1) {
		if (opt == '?' || opt == ':' || opt >= CLI_HELP)
			cli_option(opt, argv);
		if (drop_options_set(options, opt, optarg, &why) < 0)
			die_usage("%s", why.text);
	}
	if (drop_options_check(options, argc - optind, &why) < 0)
		die_usage("%s", why.text);
}

/* What is asked for on the command line. */
static void
select_packets(struct request *request, char *const *specs)
{
	const char *word = request->options.service, *path = request->options.path;
	struct selection *selection = &request->selection;
	struct failure why = FAILURE_INIT;

	if (cli_is_for_another() && (strchr(word, '/') || strcmp(path, "-") != 0))
		die_usage("by sudo '-S' takes only a name and '-w' only '-' (try '-w - >file')");
	cli_stream_to(path);
	if (config_service_load(&request->service, word, getenv, &why) < 0)
		die_usage("%s", why.text);
	selection->service = &request->service;
	selection->monitors = MONITORS_INCLUDE;
	if (specs_add(&selection->set, NULL, specs, NULL, &selection->has_specs, &why) < 0 ||
	    selection_decide(selection, &why) < 0)
		die_usage("%s", why.text);
	warn_all(&selection->warnings);
	warn_all(&selection->notes);
}

/* Writes the file or stream that is asked for. */
static enum dropcapture_end
write_file(struct request *request, struct dropcapture_counts *counts)
{
	struct dropcapture_options *options = &request->options.capture;
	struct outfile out = OUTFILE_INIT;
	struct dropcapture *capture;
	enum dropcapture_end end;
	struct failure why = FAILURE_INIT;

	if (priv_check_bpf(&why) < 0 || outfile_open(&out, request->options.path, &why) < 0)
		die("%s", why.text);
	cli_remove_at_signal(out.temporary);
	options->selection = &request->selection;
	options->fd = out.fd;
	options->is_file = out.dirfd >= 0;
	if (priv_keep_bpf(&why) < 0 || !(capture = dropcapture_open(options, &why)) ||
	    sandbox_confine(out.dirfd, NULL, &why) < 0)
		die("%s", why.text);
	end = dropcapture_run(capture, counts, &why);
	if (end == DROPCAPTURE_FAILED || outfile_commit(&out, &why) < 0)
		die("%s", why.text);
	cli_remove_at_signal(NULL);
	dropcapture_close(capture);
	return end;
}

static int
report(enum dropcapture_end end, const struct dropcapture_counts *counts, const char *path)
{
	if (counts->beyond)
		warn("%" PRIu64 " more were dropped, counted only: beyond %d a second for one "
		     "reason",
		     counts->beyond, DROPPROBE_RATE);
	if (counts->lost)
		warn("%" PRIu64 " more were dropped, counted only: too many at once", counts->lost);
	if (end == DROPCAPTURE_FULL)
		warn("stopped: the disk of '%s' has no more room than its reserve", path);
	return end == DROPCAPTURE_FULL ? EXIT_PARTIAL : EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct request request = {
	    .selection = SELECTION_INIT, .service = SERVICE_INIT, .options = DROP_OPTIONS_INIT};
	const struct drop_options *options = &request.options;
	struct dropcapture_counts counts;
	enum dropcapture_end end;
	struct failure why = FAILURE_INIT;

	cli_start(&self);
	parse_options(&request.options, argc, argv);
	if (options->keep.is_wanted) {
		request.options.keep.told = stdout;
		end = dropkeep_run(&options->keep, &options->capture, &counts, &why);
		if (end == DROPCAPTURE_FAILED)
			die("%s", why.text);
		return report(end, &counts, "the capture");
	}
	select_packets(&request, argv + optind);
	end = write_file(&request, &counts);
	selection_release(&request.selection);
	service_release(&request.service);
	return report(end, &counts, options->path);
}
