/* vcap-merge: capture files of many engines to one, in the order of time. */
#include "cli.h"

#include "capfile.h"
#include "config.h"
#include "fdio.h"
#include "inputs.h"
#include "merge.h"
#include "parse.h"
#include "priv.h"
#include "service.h"
#include "sides.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-merge",
    .synopsis = "[-w file] [-F pcapng | pcap] [-S service] [-o name=offset] [name=]input ...",
    .options = "  -w, --write file          write to file instead of standard output\n"
	       "  -F, --format format       pcapng (the default) or pcap\n"
	       "  -S, --service service     name the side of the service each packet is on\n"
	       "  -o, --offset name=offset  add offset seconds to the times of engine name\n"
	       "      --help                show this help\n"
	       "      --version             show the version\n",
};

struct options {
	const char *output;
	enum capfile_format format;
	const char *service;
	char **offsets; /* NAME=OFFSET */
	size_t offset_count;
	char **inputs; /* NULL-ended */
};

static struct options
parse_options(int argc, char **argv)
{
	static const struct option known[] = {{"write", required_argument, NULL, 'w'},
					      {"format", required_argument, NULL, 'F'},
					      {"service", required_argument, NULL, 'S'},
					      {"offset", required_argument, NULL, 'o'},
					      CLI_OPTIONS};
	struct options options = {.output = "-"};
	int opt;

	options.offsets = xmalloc((size_t)argc * sizeof(*options.offsets));
	while ((opt = getopt_long(argc, argv, ":w:F:S:o:", known, NULL)) != -1)
		switch (opt) {
		case 'w': options.output = optarg; break;
		case 'F':
			if (strcmp(optarg, "pcap") != 0 && strcmp(optarg, "pcapng") != 0)
				die_usage("unknown format '%s' (pcapng or pcap)", optarg);
			options.format = optarg[4] ? CAPFILE_PCAPNG : CAPFILE_PCAP;
			break;
		case 'S': options.service = optarg; break;
		case 'o': options.offsets[options.offset_count++] = optarg; break;
		default: cli_option(opt, argv);
		}
	options.inputs = argv + optind;
	if (!*options.inputs)
		die_usage("no input given (try --help)");
	if (strcmp(options.output, "-") == 0 && isatty(STDOUT_FILENO))
		die_usage("standard output is a terminal: use -w or a pipe");
	return options;
}

/* Each input takes a descriptor, so take as many as are allowed. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
add_offset(struct merge *merge, char *word)
{
	char *equals = strchr(word, '=');
	struct failure why;
	int64_t offset_ns;

	if (!equals)
		die_usage("'%s' is not NAME=OFFSET", word);
	*equals = '\0';
	if (parse_offset(equals + 1, &offset_ns, &why) < 0)
		die_usage("%s", why.text);
	if (merge_offset(merge, word, offset_ns, &why) < 0)
		die("%s", why.text);
}

/* Opens the inputs and reads them up to their first packets: whatever is wrong with the command
 * line shows here, before anything is written. */
static struct merge *
open_merge(struct inputs *inputs, const struct options *options)
{
	struct failure why;
	struct merge *merge = merge_new(&why);
	bool failed = !merge;

	for (char **word = options->inputs; !failed && *word; word++)
		failed = inputs_add(inputs, *word, &why) < 0;
	failed = failed || inputs_open(inputs, &why) < 0 || inputs_merge(inputs, merge, &why) < 0;
	if (failed)
		die("%s", why.text);
	for (size_t i = 0; i < options->offset_count; i++)
		add_offset(merge, options->offsets[i]);
	if (merge_start(merge, &why) < 0)
		die("%s", why.text);
	for (size_t i = 0; i < options->offset_count; i++)
		if (!merge_has_engine(merge, options->offsets[i]))
			die_usage("no input is of the engine '%s'", options->offsets[i]);
	if (inputs_has(inputs, options->output))
		die("'%s' is an input and would be overwritten", options->output);
	return merge;
}

static void
write_header(struct capwriter *writer, const struct inputs *inputs)
{
	char application[] = "vcap-merge " VCAP_VERSION;
	struct capfile_section section = {.application = application,
					  .comments = inputs_comments(inputs)};
	struct failure why;

	if (!section.comments)
		die("out of memory");
	if (capwriter_section(writer, &section, &why) < 0)
		die("%s", why.text);
}

/* Says what is missing of the inputs, and returns the status that follows from it. */
static int
report(const struct inputs *inputs, const struct merge *merge)
{
	struct failure what;
	int status = EXIT_DONE;

	for (size_t i = 0; i < inputs->count; i++)
		if (inputs_trouble(inputs, merge, i, &what)) {
			warn("%s", what.text);
			status = EXIT_PARTIAL;
		}
	return status;
}

/* Writes the merged packets, and the statistics behind them. */
static int
write_merged(struct source *from, int fd, enum capfile_format format, const struct inputs *inputs,
	     const struct merge *merge, struct failure *why)
{
	struct capwriter *writer = capwriter_new(fd, format, why);
	int rc = -1;

	if (writer) {
		write_header(writer, inputs);
		rc = capwriter_copy(writer, from, why);
		for (uint32_t i = 0; rc == 0 && i < from->interface_count; i++)
			rc = inputs_write_statistics(inputs, merge, &from->interfaces[i], i, writer,
						     why);
		if (rc == 0)
			rc = capwriter_flush(writer, why);
		capwriter_free(writer);
	}
	return rc;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct inputs inputs = INPUTS_INIT;
	struct service service = SERVICE_INIT;
	struct outfile out;
	struct merge *merge;
	struct source *from;
	struct failure why;

	cli_start(&self);
	options = parse_options(argc, argv);
	if (options.service && config_service_load(&service, options.service, getenv, &why) < 0)
		die_usage("%s", why.text);
	raise_descriptor_limit();
	if (priv_drop_all(&why) < 0)
		die("%s", why.text);
	merge = open_merge(&inputs, &options);
	from = merge_source(merge);
	if (options.service)
		from = sides_source(sides_new(from, &service, &why));
	if (outfile_open(&out, options.output, &why) < 0)
		die("%s", why.text);
	if (write_merged(from, out.fd, options.format, &inputs, merge, &why) < 0 ||
	    outfile_commit(&out, &why) < 0) {
		outfile_abandon(&out);
		die("%s", why.text);
	}
	return report(&inputs, merge);
}
