/*
 * vcap-run: captures on this host, on all CPUs, into a directory or a stream.
 */
#include "capture.h"
#include "cli.h"
#include "fdio.h"
#include "iface.h"
#include "job.h"
#include "parse.h"
#include "priv.h"
#include "program.h"
#include "rundir.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct command command = {
    .name = "vcap-run",
    .synopsis = "[-i iface] [-f prog] [-c count] [-t time] [-s snaplen] [-R reserve] [-b size] "
		"[-n name] [--max-size size] [--detach] -w dir",
    .options =
	"  -i, --interface iface   capture there (may be repeated); default: all with an address\n"
	"  -f, --filter prog       a program (vcap-filter -ddd) in a file, or a job on - (stdin)\n"
	"  -c, --count count       packets per core\n"
	"  -t, --time time         stop after this time; a bare number means minutes\n"
	"  -s, --snaplen snaplen   bytes kept of each packet\n"
	"  -w, --write dir         directory to make, or - for one stream on standard output\n"
	"  -n, --name name         of this engine, recorded with each interface\n"
	"  -R, --reserve size      disk space that stays free; default: 1G or 10 % of the disk\n"
	"      --max-size size     of all files; default: a quarter of what is free above that\n"
	"  -b, --buffer size       ring memory in all\n"
	"      --detach            return once packets are being captured\n"
	"      --help              show this help\n"
	"      --version           show the version\n",
};

struct options {
	struct capture_options capture;
	const char *names[256];
	size_t name_count;
	const char *filter, *output;
	bool detach;
};

enum { OPT_MAX_SIZE = 0x100, OPT_DETACH };

static const struct option long_options[] = {
    {"interface", required_argument, NULL, 'i'},
    {"filter", required_argument, NULL, 'f'},
    {"count", required_argument, NULL, 'c'},
    {"time", required_argument, NULL, 't'},
    {"snaplen", required_argument, NULL, 's'},
    {"write", required_argument, NULL, 'w'},
    {"name", required_argument, NULL, 'n'},
    {"reserve", required_argument, NULL, 'R'},
    {"max-size", required_argument, NULL, OPT_MAX_SIZE},
    {"buffer", required_argument, NULL, 'b'},
    {"detach", no_argument, NULL, OPT_DETACH},
    CLI_OPTIONS,
};

static int
set_option(struct options *options, int opt, const char *word, struct failure *why)
{
	struct capture_options *capture = &options->capture;
	uint64_t number;

	switch (opt) {
	case 'i':
		if (options->name_count == sizeof(options->names) / sizeof(*options->names))
			return failure_set(why, "too many interfaces: '%s'", word);
		options->names[options->name_count++] = word;
		return 0;
	case 'f': options->filter = word; return 0;
	case 'c': return parse_number(word, UINT64_MAX, &capture->count, why);
	case 't': return parse_duration(word, NS_PER_MINUTE, &capture->duration_ns, why);
	case 's':
		if (parse_number(word, PACKET_SNAPLEN, &number, why) < 0)
			return -1;
		capture->snaplen = (uint32_t)number;
		return 0;
	case 'w': options->output = word; return 0;
	case 'n':
		capture->name = word;
		return parse_is_name(word) ? 0 : failure_set(why, "not a name: '%s'", word);
	case 'R': return parse_size(word, &capture->reserve, why);
	case 'b': return parse_size(word, &capture->ring_bytes, why);
	case OPT_MAX_SIZE:
		if (parse_size(word, &capture->max_size, why) < 0)
			return -1;
		return capture->max_size ? 0 : failure_set(why, "no room: '--max-size %s'", word);
	default: options->detach = true; return 0;
	}
}

static void
parse_options(struct options *options, int argc, char **argv)
{
	struct failure why;
	int opt;

	*options = (struct options){.capture = {.reserve = QUOTA_DEFAULT, .signal_fd = -1}};
	while ((opt = getopt_long(argc, argv, ":i:f:c:t:s:w:n:R:b:", long_options, NULL)) != -1) {
		if (opt == '?' || opt == ':' || opt >= CLI_HELP)
			cli_option(opt, argv);
		if (set_option(options, opt, optarg, &why) < 0)
			die_usage("%s", why.text);
	}
	if (optind < argc)
		die_usage("unexpected argument '%s'", argv[optind]);
	if (!options->output)
		die_usage("where to write to is missing: -w");
	if (strcmp(options->output, "-") != 0)
		return;
	if (options->detach)
		die_usage("'--detach' needs a directory: a stream has a reader");
	if (isatty(STDOUT_FILENO))
		die_usage("will not write packets to a terminal");
}

static void
read_job(const char *filter, struct job *job, struct program *program)
{
	struct failure why;
	char *text;
	size_t size;
	int fd;

	if (filter && strcmp(filter, "-") == 0) {
		if (job_read(job, STDIN_FILENO, &why) < 0)
			die("%s", why.text);
	} else if (filter) {
		fd = open(filter, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && failure_errno(&why, "cannot read '%s'", filter))
			die("%s", why.text);
		if (fdio_slurp(fd, JOB_MAX, filter, &text, &size, &why) < 0)
			die("%s", why.text);
		close(fd);
		*job = (struct job){.filter = text};
	}
	if (job->filter && *job->filter && program_parse(program, job->filter, &why) < 0)
		die_usage("%s: %s", strcmp(filter, "-") == 0 ? "job" : filter, why.text);
}

/* Goes on in a child. The parent waits for its word, or its end. Returns where to say the word. */
static int
detach(void)
{
	int pipe_fds[2], status;
	char word;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		die("cannot detach");
	if (pid == 0) {
		close(pipe_fds[0]);
		setsid();
		return pipe_fds[1];
	}
	close(pipe_fds[1]);
	if (read(pipe_fds[0], &word, 1) == 1)
		exit(EXIT_DONE);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status))
		exit(WEXITSTATUS(status));
	die("the capture ended before it began");
}

/* From here on messages go to the log. */
static void
say_ready(int ready_fd, int log_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	close(null_fd);
	close(log_fd);
	if (write(ready_fd, "r", 1) != 1)
		warn("nobody waits for this capture");
	close(ready_fd);
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
warn_of_limits(const struct capture_options *capture)
{
	if (capture->count && !capture->duration_ns)
		warn("-c without -t: a core that sees no packets never fills");
	if (!capture->count && !capture->duration_ns)
		warn("neither -c nor -t: goes on until it is stopped or the disk's limits are met");
}

/* A descriptor that tells of the signals that end a capture. */
static int
catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The directory with the job's parts in it. Returns the log's descriptor, or -1 with why. */
static int
make_directory(const char *path, const struct job *job, struct rundir *dir, struct failure *why)
{
	const struct {
		const char *name, *text;
	} parts[] = {{"filter.bpf", job->filter}, {"service", job->service}, {"specs", job->specs}};
	int log_fd;

	if (rundir_create(dir, path, why) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const char *text = parts[i].text ? parts[i].text : "";

		if (rundir_store(dir, parts[i].name, text, strlen(text), why) < 0)
			return -1;
	}
	log_fd = rundir_file(dir, "log", why);
	return log_fd;
}

static int
report(struct capture *capture, enum capture_end end)
{
	static const int statuses[] = {EXIT_DONE, EXIT_PARTIAL, EXIT_FAILED};
	struct tally total;

	/* Whoever has gone wants to hear no more. */
	if (capture->control.reason == STOP_CLOSED)
		return EXIT_DONE;
	capture_total(capture, &total);
	warn("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " dropped by the kernel: %s%s%s",
	     total.packets, total.bytes, total.dropped, stop_reason_name(capture->control.reason),
	     *capture->message ? ", " : "", capture->message);
	return statuses[end];
}

int
main(int argc, char **argv)
{
	struct options options;
	struct ifaces ifaces = IFACES_INIT;
	struct job job = JOB_INIT;
	struct program program = PROGRAM_INIT;
	struct rundir dir = RUNDIR_INIT;
	struct capture capture = CAPTURE_INIT;
	struct failure why;
	int ready_fd = -1, log_fd = -1;
	bool to_stream;

	cli_start(&command);
	parse_options(&options, argc, argv);
	to_stream = strcmp(options.output, "-") == 0;
	read_job(options.filter, &job, &program);
	if (options.detach)
		ready_fd = detach();
	if (priv_keep_net_raw(&why) < 0)
		die("%s", why.text);
	choose_interfaces(&options, &ifaces);
	warn_of_limits(&options.capture);
	options.capture.interfaces = &ifaces;
	options.capture.program = &program;
	options.capture.signal_fd = catch_signals();
	if (!to_stream) {
		options.capture.dir = &dir;
		log_fd = make_directory(options.output, &job, &dir, &why);
		if (log_fd < 0)
			goto fail;
	}
	if (capture_open(&capture, &options.capture, &why) < 0 || priv_drop_all(&why) < 0 ||
	    capture_start(&capture, &why) < 0 || capture_begin(&capture, &why) < 0)
		goto fail;
	if (options.detach)
		say_ready(ready_fd, log_fd);
	return report(&capture, capture_wait(&capture));
fail:
	capture_close(&capture);
	rundir_release(&dir, true);
	die("%s", why.text);
}
