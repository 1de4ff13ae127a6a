/*
 * vcap-drops: captures the packets of a service that the kernel drops on this host, with the reason.
 */
#include "base/clock.h"
#include "base/outfile.h"
#include "base/parse.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "cli.h"
#include "controller/config.h"
#include "drops/dropcapture.h"
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
    .synopsis = "-S service [-n name] [-t time] [-c count] -w file [spec ...]",
    .options = "  -S, --service service    packets of this service\n"
	       "  -n, --name name          of this engine (the host's name)\n"
	       "  -t, --time time          stop after this time; a bare number means minutes\n"
	       "  -c, --count count        stop after so many packets\n"
	       "  -w, --write file         file to write, or - for standard output\n",
};

struct request {
	struct selection selection;
	struct service service;
	struct dropcapture_options options;
	const char *path;
};

static void
take_name(struct request *request, const char *name)
{
	if (!parse_is_name(name))
		die_usage("not a name: '%s'", name);
	request->options.engine = name;
}

static void
take_service(struct request *request, const char *word)
{
	struct failure why;

	service_release(&request->service);
	if (config_service_load(&request->service, word, getenv, &why) < 0)
		die_usage("%s", why.text);
	request->selection.service = &request->service;
}

static void
warn_all(const struct strvec *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		warn("%s", lines->list[i]);
}

static void
parse_options(struct request *request, int argc, char **argv)
{
	static const struct option table[] = {
	    {"service", required_argument, NULL, 'S'}, {"name", required_argument, NULL, 'n'},
	    {"time", required_argument, NULL, 't'},    {"count", required_argument, NULL, 'c'},
	    {"write", required_argument, NULL, 'w'},   CLI_OPTIONS};
	struct dropcapture_options *options = &request->options;
	struct failure why = FAILURE_INIT;
	const char *service = NULL;
	int opt, rc = 0;

	while (rc == 0 && (opt = getopt_long(argc, argv, ":S:n:t:c:w:", table, NULL)) != -1)
		switch (opt) {
		case 'S': service = optarg; break;
		case 'n': take_name(request, optarg); break;
		case 't':
			rc = parse_duration(optarg, NS_PER_MINUTE, &options->duration_ns, &why);
			break;
		case 'c': rc = parse_number(optarg, UINT64_MAX, &options->count, &why); break;
		case 'w': request->path = optarg; break;
		default: cli_option(opt, argv);
		}
	if (rc < 0)
		die_usage("%s", why.text);
	if (!service || !request->path)
		die_usage("needs -S and -w (try --help)");
	if (cli_is_for_another() && (strchr(service, '/') || strcmp(request->path, "-") != 0))
		die_usage("by sudo '-S' takes only a name and '-w' only '-' (try '-w - >file')");
	cli_stream_to(request->path);
	take_service(request, service);
	if (specs_add(&request->selection.set, NULL, argv + optind, NULL,
		      &request->selection.has_specs, &why) < 0 ||
	    selection_decide(&request->selection, &why) < 0)
		die_usage("%s", why.text);
	warn_all(&request->selection.warnings);
	warn_all(&request->selection.notes);
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
	struct request request = {.selection = SELECTION_INIT, .service = SERVICE_INIT};
	struct outfile out = OUTFILE_INIT;
	struct dropcapture *capture;
	struct dropcapture_counts counts;
	enum dropcapture_end end;
	struct failure why = FAILURE_INIT;

	cli_start(&self);
	request.selection.monitors = MONITORS_INCLUDE;
	parse_options(&request, argc, argv);
	if (priv_check_bpf(&why) < 0 || outfile_open(&out, request.path, &why) < 0)
		die("%s", why.text);
	cli_remove_at_signal(out.temporary);
	request.options.selection = &request.selection;
	request.options.fd = out.fd;
	request.options.is_file = out.dirfd >= 0;
	if (priv_keep_bpf(&why) < 0 || !(capture = dropcapture_open(&request.options, &why)) ||
	    sandbox_confine(out.dirfd, NULL, &why) < 0)
		die("%s", why.text);
	end = dropcapture_run(capture, &counts, &why);
	if (end == DROPCAPTURE_FAILED || outfile_commit(&out, &why) < 0)
		die("%s", why.text);
	cli_remove_at_signal(NULL);
	dropcapture_close(capture);
	selection_release(&request.selection);
	service_release(&request.service);
	return report(end, &counts, request.path);
}
