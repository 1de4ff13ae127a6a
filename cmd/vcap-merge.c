/* vcap-merge: capture files of many engines to one, in the order of time. */
#include "cli.h"

#include "base/fileio.h"
#include "base/parse.h"
#include "base/priv.h"
#include "base/relay.h"
#include "controller/config.h"
#include "filter/service.h"
#include "merge/merge_cmd.h"
#include "merge/merge_live.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-merge",
    .synopsis = "[-w file] [-F pcapng | pcap] [-S service] [-o name=offset] "
		"[-z] [--comment text] [--mixed] [--window time] [--live] [--stall time] "
		"[name=]input ...",
    .options =
	"  -w, --write file          write to file instead of standard output\n"
	"  -F, --format format       pcapng (the default) or pcap\n"
	"  -S, --service service     name the side of the service each packet is on\n"
	"  -o, --offset name=offset  add offset seconds to the times of engine name\n"
	"  -z, --zstd                compress the output\n"
	"      --comment text        have the output say that, too\n"
	"      --mixed               let inputs differ in link type\n"
	"      --window time         sort what a pipe has out of order by up to this (1s)\n"
	"      --live                write each packet as soon as none older can come\n"
	"      --stall time          how long an input may be silent and be waited for (2s)\n"
	"      --help                show this help\n"
	"      --version             show the version\n",
};

struct options {
	const char *output;
	enum format format;
	const char *service;
	bool packs;
	char **inputs; /* NULL-ended */
};

static void
add_offset(struct merge_cmd *job, char *word)
{
	char *equals = strchr(word, '=');
	struct failure why;
	int64_t offset_ns;

	if (!equals)
		die_usage("'%s' is not NAME=OFFSET", word);
	*equals = '\0';
	if (parse_offset(equals + 1, &offset_ns, &why) < 0)
		die_usage("%s", why.text);
	if (merge_cmd_offset(job, word, offset_ns, &why) < 0)
		die("%s", why.text);
}

static int64_t
parse_time(const char *word)
{
	struct failure why;
	int64_t ns;

	if (parse_duration(word, NS_PER_SECOND, &ns, &why) < 0)
		die_usage("%s", why.text);
	return ns;
}

static struct options
parse_options(int argc, char **argv, struct merge_cmd *job, struct merge_live *merge_live)
{
	enum { COMMENT = 0x100, MIXED, WINDOW, LIVE, STALL };
	static const struct option known[] = {{"write", required_argument, NULL, 'w'},
					      {"format", required_argument, NULL, 'F'},
					      {"service", required_argument, NULL, 'S'},
					      {"offset", required_argument, NULL, 'o'},
					      {"zstd", no_argument, NULL, 'z'},
					      {"comment", required_argument, NULL, COMMENT},
					      {"mixed", no_argument, NULL, MIXED},
					      {"window", required_argument, NULL, WINDOW},
					      {"live", no_argument, NULL, LIVE},
					      {"stall", required_argument, NULL, STALL},
					      CLI_OPTIONS};
	struct options options = {.output = "-"};
	int opt;

	while ((opt = getopt_long(argc, argv, ":w:F:S:o:z", known, NULL)) != -1)
		switch (opt) {
		case 'w': options.output = optarg; break;
		case 'F':
			if (strcmp(optarg, "pcap") != 0 && strcmp(optarg, "pcapng") != 0)
				die_usage("unknown format '%s' (pcapng or pcap)", optarg);
			options.format = optarg[4] ? FORMAT_PCAPNG : FORMAT_PCAP;
			break;
		case 'S': options.service = optarg; break;
		case 'o': add_offset(job, optarg); break;
		case 'z': options.packs = true; break;
		case COMMENT: strvec_add(&job->remarks, optarg); break;
		case MIXED: job->mixes_linktypes = true; break;
		case WINDOW: job->inputs.window_ns = parse_time(optarg); break;
		case LIVE: job->merge_live = merge_live; break;
		case STALL: merge_live->stall_ns = parse_time(optarg); break;
		default: cli_option(opt, argv);
		}
	if (job->mixes_linktypes && options.format == FORMAT_PCAP)
		die_usage("a pcap file has one link type: --mixed is for pcapng");
	if (options.packs && job->merge_live)
		die_usage("'-z' keeps packets back, which '--live' does not");
	options.inputs = argv + optind;
	if (!*options.inputs)
		die_usage("no input given (try --help)");
	if (strcmp(options.output, "-") == 0 && isatty(STDOUT_FILENO))
		die_usage("standard output is a terminal: use -w or a pipe");
	return options;
}

/* Has the output pass through a process that compresses it, and cannot be taken back then. */
static void
pack(struct merge_cmd *job, const struct outfile *out, struct relay *packer)
{
	struct failure why;

	if (relay_start(packer, out->fd, &(struct relay_options){.kind = RELAY_PACK}, &why) < 0)
		die("%s", why.text);
	signal(SIGPIPE, SIG_IGN);
	job->can_start_over = false;
}

/* Opens all there is to open, and then gives up whatever it does not take to go on. */
static void
prepare(struct merge_cmd *job, const struct options *options, struct outfile *out,
	struct relay *packer)
{
	struct failure why;

	if (priv_drop_all(&why) < 0)
		die("%s", why.text);
	for (char **word = options->inputs; *word; word++)
		if (inputs_add(&job->inputs, *word, &why) < 0)
			die("%s", why.text);
	if (merge_cmd_open(job, options->output, &why) < 0 ||
	    outfile_open(out, options->output, &why) < 0)
		die("%s", why.text);
	cli_remove_at_signal(out->temporary);
	if (options->packs)
		pack(job, out, packer);
	if (merge_cmd_confine(job, out, &why) < 0) {
		outfile_abandon(out);
		die("%s", why.text);
	}
}

/* Whatever is wrong with the command line shows here, before anything is written. */
static void
start(struct merge_cmd *job, struct outfile *out)
{
	const char *unknown;
	struct failure why;

	if (merge_cmd_start(job, &why) < 0) {
		outfile_abandon(out);
		die("%s", why.text);
	}
	unknown = merge_cmd_unknown_engine(job);
	if (unknown && !job->merge_live) {
		outfile_abandon(out);
		die_usage("no input is of the engine '%s'", unknown);
	}
}

/* Says what is missing of the inputs, and returns the status that follows from it. */
static int
report(const struct merge_cmd *job)
{
	struct failure what;
	int status = EXIT_DONE;

	if (merge_released_early(job->merge)) {
		warn("%llu packets were written before their turn",
		     (unsigned long long)merge_released_early(job->merge));
		status = EXIT_PARTIAL;
	}
	for (size_t i = 0; i < job->inputs.count; i++)
		if (merge_cmd_trouble(job, i, &what)) {
			warn("%s", what.text);
			status = EXIT_PARTIAL;
		}
	return status;
}

static void
say(const char *line)
{
	warn("%s", line);
}

/* Writes all of it. The packer's own reason is the better one. */
static int
write_all(struct merge_cmd *job, const struct options *options, int fd, struct relay *packer,
	  struct failure *why)
{
	struct failure reason;
	int rc = merge_cmd_write(job, options->packs ? packer->in : fd, options->format, why);

	if (options->packs && relay_finish(packer, &reason) < 0)
		rc = failure_set(why, "%s", reason.text);
	return rc;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct service service = SERVICE_INIT;
	struct merge_cmd job = MERGE_CMD_INIT;
	struct merge_live merge_live = MERGE_LIVE_INIT;
	struct outfile out;
	struct relay packer = RELAY_INIT;
	struct failure why;
	int status;

	cli_start(&self);
	merge_live.say = say;
	options = parse_options(argc, argv, &job, &merge_live);
	if (options.service && config_service_load(&service, options.service, getenv, &why) < 0)
		die_usage("%s", why.text);
	job.service = options.service ? &service : NULL;
	prepare(&job, &options, &out, &packer);
	merge_live.out = out.fd;
	start(&job, &out);
	if (write_all(&job, &options, out.fd, &packer, &why) < 0 ||
	    outfile_commit(&out, &why) < 0) {
		outfile_abandon(&out);
		die("%s", why.text);
	}
	cli_remove_at_signal(NULL);
	status = report(&job);
	merge_cmd_release(&job);
	merge_live_release(&merge_live);
	service_release(&service);
	return status;
}
