/*
 * vcap-run: captures on this host, on all CPUs, into a directory or a stream.
 */
#include "base/daemon.h"
#include "base/parse.h"
#include "capture/session.h"
#include "cli.h"
#include "flows/pairsource_spec.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const struct command command = {
    .name = "vcap-run",
    .synopsis = "[-i iface] [-f prog] [-c count] [-t time] [-s snaplen] [-C size [-W files]] "
		"[-R reserve] [-b size] [-n name] [--max-size size] [--lease[=time]] "
		"[--sandbox mode] [--detach] [--flows source] -w dir [-- filter [arg ...]]",
    .options =
	"  -i, --interface iface   capture there (may be repeated); default: all with an address\n"
	"  -f, --filter prog       a program (vcap-filter -ddd) in a file, or a job on - (stdin)\n"
	"  -c, --count count       packets per core\n"
	"  -t, --time time         stop after this time; a bare number means minutes\n"
	"  -s, --snaplen snaplen   bytes kept of each packet\n"
	"  -w, --write dir         directory to make, or - for one stream on standard output\n"
	"  -C, --file-size size    begin another file when one would be larger\n"
	"  -W, --files files       with -C: keep so many of each core, the newest\n"
	"  -n, --name name         of this engine, recorded with each interface\n"
	"  -R, --reserve size      disk space that stays free; default: 1G or 10 % of the disk\n"
	"      --max-size size     of all files; default: a quarter of what is free above that\n"
	"  -b, --buffer size       ring memory in all\n"
	"      --lease[=time]      end with standard input, or when it is silent for so long\n"
	"      --sandbox mode      enforce (the default), log or off\n"
	"      --detach            return once packets are being captured\n"
	"      --flows source      pairs for filter to read as /dev/fd/3 (vcap-flows): conntrack,\n"
	"                          haproxy:SOCKET or log:FILE\n"
	"      --help              show this help\n"
	"      --version           show the version\n",
};

struct options {
	struct capture_options capture;
	const char **names; /* of interfaces */
	size_t name_count;
	const char *filter;             /* "-": standard input */
	struct session_options session; /* its path "-": standard output */
};

enum { OPT_MAX_SIZE = 0x100, OPT_SANDBOX, OPT_LEASE, OPT_DETACH, OPT_FLOWS };

static const struct option long_options[] = {
    {"interface", required_argument, NULL, 'i'},
    {"filter", required_argument, NULL, 'f'},
    {"count", required_argument, NULL, 'c'},
    {"time", required_argument, NULL, 't'},
    {"snaplen", required_argument, NULL, 's'},
    {"file-size", required_argument, NULL, 'C'},
    {"files", required_argument, NULL, 'W'},
    {"write", required_argument, NULL, 'w'},
    {"name", required_argument, NULL, 'n'},
    {"reserve", required_argument, NULL, 'R'},
    {"max-size", required_argument, NULL, OPT_MAX_SIZE},
    {"buffer", required_argument, NULL, 'b'},
    {"sandbox", required_argument, NULL, OPT_SANDBOX},
    {"lease", optional_argument, NULL, OPT_LEASE},
    {"detach", no_argument, NULL, OPT_DETACH},
    {"flows", required_argument, NULL, OPT_FLOWS},
    CLI_OPTIONS,
};

/* tcpdump's users mean millions by a bare number: nobody means bytes. */
static int
parse_file_size(const char *word, uint64_t *size, struct failure *why)
{
	if (parse_size(word, size, why) < 0)
		return -1;
	if (*size < ROTATION_SIZE_MIN)
		return failure_set(why, "a file has at least 64k (100M is 100 MiB): '-C %s'", word);
	return 0;
}

static int
set_option(struct options *options, int opt, const char *word, struct failure *why)
{
	struct capture_options *capture = &options->capture;
	uint64_t number;

	switch (opt) {
	case 'i': options->names[options->name_count++] = word; return 0;
	case 'f': options->filter = word; return 0;
	case 'c': return parse_number(word, UINT64_MAX, &capture->count, why);
	case 't': return parse_duration(word, NS_PER_MINUTE, &capture->duration_ns, why);
	case 's':
		if (parse_number(word, PACKET_SNAPLEN, &number, why) < 0)
			return -1;
		capture->snaplen = (uint32_t)number;
		return 0;
	case 'C': return parse_file_size(word, &capture->file_size, why);
	case 'W':
		if (parse_number(word, ROTATION_FILES_MAX, &number, why) < 0)
			return -1;
		capture->files = (unsigned)number;
		return 0;
	case 'w': options->session.path = word; return 0;
	case 'n':
		capture->name = word;
		return parse_is_name(word) ? 0 : failure_set(why, "not a name: '%s'", word);
	case 'R': return parse_size(word, &capture->reserve, why);
	case 'b': return parse_size(word, &capture->ring_bytes, why);
	case OPT_MAX_SIZE:
		if (parse_size(word, &capture->max_size, why) < 0)
			return -1;
		return capture->max_size ? 0 : failure_set(why, "no room: '--max-size %s'", word);
	case OPT_LEASE:
		capture->has_lease = true;
		return word ? parse_duration(word, NS_PER_SECOND, &capture->lease_ns, why) : 0;
	case OPT_FLOWS:
		options->session.flows = word;
		return pairsource_spec_parse(&(struct pairsource_spec){0}, word, why);
	case OPT_SANDBOX: return priv_parse_sandbox(word, &options->session.sandbox, why);
	default: options->session.detached = true; return 0;
	}
}

static void
check_options(struct options *options)
{
	struct session_options *session = &options->session;

	if (!session->path)
		die_usage("where to write to is missing: -w");
	if (options->capture.files && !options->capture.file_size)
		die_usage("'-W' goes with '-C'");
	if (options->capture.has_lease && session->detached)
		die_usage("'--lease' and '--detach' exclude each other");
	if (session->flows && !session->filter)
		die_usage("'--flows' goes with a filter");
	if (strcmp(session->path, "-") != 0)
		return;
	session->path = NULL;
	if (options->capture.file_size)
		die_usage("'-C' needs a directory: a stream is no file");
	if (session->detached)
		die_usage("'--detach' needs a directory: a stream has a reader");
	if (isatty(STDOUT_FILENO))
		die_usage("will not write packets to a terminal");
}

static void
read_options(struct options *options, int argc, char **argv)
{
	struct failure why;
	int opt;

	options->names = xmalloc((size_t)argc * sizeof(*options->names));
	while ((opt = getopt_long(argc, argv, "+:i:f:c:t:s:C:W:w:n:R:b:", long_options, NULL)) !=
	       -1) {
		if (opt == '?' || opt == ':' || opt >= CLI_HELP)
			cli_option(opt, argv);
		if (set_option(options, opt, optarg, &why) < 0)
			die_usage("%s", why.text);
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		die_usage("unexpected argument '%s'", argv[optind]);
	if (optind < argc)
		options->session.filter = argv + optind;
	check_options(options);
}

static void
read_job(const char *path, struct job *job, struct bpf *program)
{
	struct failure why;

	if (path && job_load(job, path, &why) < 0)
		die("%s", why.text);
	if (job->filter && *job->filter && bpf_parse(program, job->filter, &why) < 0)
		die_usage("%s: %s", strcmp(path, "-") == 0 ? "job" : path, why.text);
}

static void
choose_interfaces(const struct options *options, struct ifaces *ifaces)
{
	struct failure why;

	if (ifaces_read(ifaces, &why) < 0 ||
	    ifaces_choose(ifaces, options->names, options->name_count, &why) < 0)
		die("%s", why.text);
	for (size_t i = 0; i < ifaces->count; i++) {
		const struct iface *iface = &ifaces->list[i];

		if (iface->taken && iface->has_xdp)
			warn("'%s' has an XDP program, which may hide packets", iface->name);
		if (options->name_count == 0 && iface_is_left_out(iface))
			warn("'%s' is left out: it is no Ethernet interface", iface->name);
	}
}

static void
warn_of_limits(const struct options *options)
{
	const struct capture_options *capture = &options->capture;

	if (capture->count && !capture->duration_ns)
		warn("-c without -t: a core that sees no packets never fills");
	if (options->session.path && !capture->count && !capture->duration_ns && !capture->files)
		warn("neither -c nor -t: goes on until it is stopped or the disk's limits are met");
}

static int
report(struct capture *capture, enum capture_end end)
{
	static const int statuses[] = {EXIT_DONE, EXIT_PARTIAL, EXIT_FAILED};
	const int64_t step = runstate_clock_step(&capture->runstate);
	struct counts total;

	/* Whoever has gone wants to hear no more. */
	if (capture->runstate.reason == STOP_CLOSED)
		return EXIT_DONE;
	capture_total(capture, &total);
	warn("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64
	     " dropped by the kernel; ended by %s%s%s",
	     total.packets - total.removed, total.bytes - total.removed_bytes, total.dropped,
	     stop_reason_name(capture->runstate.reason), *capture->message ? ", " : "",
	     capture->message);
	if (total.removed)
		warn("%" PRIu64 " older packets have made room for newer ones", total.removed);
	if (step)
		warn("the clock was set by %+.3f s meanwhile: times before and after differ",
		     (double)step / 1e9);
	return statuses[end];
}

int
main(int argc, char **argv)
{
	struct options options = {.capture = {.reserve = DISKQUOTA_DEFAULT}};
	struct ifaces ifaces = IFACES_INIT;
	struct job job = JOB_INIT;
	struct bpf program = BPF_INIT;
	struct daemon launch;
	struct session session;
	struct failure why;
	int status = EXIT_DONE, rc = 0;

	cli_start(&command);
	/* A descriptor that came along would keep its other end waiting for as long. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	read_options(&options, argc, argv);
	read_job(options.filter, &job, &program);
	if (options.session.detached)
		rc = daemon_detach(&launch, &status, &why);
	if (rc > 0)
		return status;
	if (rc < 0 || priv_check_net_raw(&why) < 0)
		die("%s", why.text);
	choose_interfaces(&options, &ifaces);
	options.capture.interfaces = &ifaces;
	options.capture.program = &program;
	options.session.job = &job;
	if (session_begin(&session, &options.capture, &options.session, &why) < 0)
		die("%s", why.text);
	warn_of_limits(&options);
	if (options.session.detached)
		daemon_ready(&launch, session.log_fd);
	return report(&session.capture, capture_wait(&session.capture));
}
