/*
 * vcap-host: what a controller asks of an engine: the state of a capture, its end, its removal;
 * whether it could capture; the time.
 */
#include "cli.h"
#include "keyval.h"
#include "readiness.h"
#include "rundir.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STOP_TIMEOUT_MS 30000

static const struct command command = {
    .name = "vcap-host",
    .synopsis = "status dir\n"
		"stop dir\n"
		"remove dir\n"
		"check [dir]\n"
		"clock",
    .options = "  status dir   prints the status of the capture in dir\n"
	       "  stop dir     ends it, waits until all is on disk, prints its status\n"
	       "  remove dir   removes it, unless it is running\n"
	       "  check [dir]  prints whether this host can capture, and into dir\n"
	       "  clock        answers each line of input with the time\n"
	       "  --help       show this help\n"
	       "  --version    show the version\n",
};

static int
print_status(struct keyval *status)
{
	for (size_t i = 0; i < status->count; i++)
		printf("%s %s\n", status->pairs[i].key, status->pairs[i].value);
	keyval_release(status);
	return EXIT_DONE;
}

static int
do_status(const char *dir)
{
	struct keyval status;
	struct failure why;

	if (rundir_status(dir, &status, &why) < 0)
		die("%s", why.text);
	return print_status(&status);
}

static int
do_stop(const char *dir)
{
	struct keyval status;
	struct failure why;

	if (rundir_stop(dir, STOP_TIMEOUT_MS, &status, &why) < 0)
		die("%s", why.text);
	return print_status(&status);
}

static int
do_remove(const char *dir)
{
	struct failure why;

	if (rundir_remove(dir, &why) < 0)
		die("%s", why.text);
	return EXIT_DONE;
}

static void
print_interfaces(const struct ifaces *ifaces)
{
	printf("interfaces");
	for (size_t i = 0; i < ifaces->count; i++)
		if (ifaces->list[i].taken)
			printf(" %s", ifaces->list[i].name);
	putchar('\n');
	for (size_t i = 0; i < ifaces->count; i++)
		if (ifaces->list[i].taken && ifaces->list[i].has_xdp)
			printf("xdp %s\n", ifaces->list[i].name);
}

static int
do_check(const char *dir)
{
	struct readiness host;
	bool ready;

	readiness_init(&host, dir ? dir : ".");
	ready = host.may_capture && host.has_interface && host.has_directory;
	printf("version %s\n", VCAP_VERSION);
	printf("cap_net_raw %s\n", host.may_capture ? "yes" : "no");
	print_interfaces(&host.ifaces);
	if (host.has_directory)
		printf("free %" PRIu64 "\n", host.free_bytes);
	if (!host.has_interface)
		warn("%s", host.no_interface.text);
	if (!host.has_directory)
		warn("%s", host.no_directory.text);
	if (!host.may_capture)
		warn("no privilege to capture: vcap-run has no CAP_NET_RAW (grant it with "
		     "'setcap cap_net_raw=ep', or use sudo)");
	readiness_release(&host);
	return ready ? EXIT_DONE : EXIT_FAILED;
}

/* One answer a line; without input, one answer. */
static int
do_clock(const char *dir)
{
	char line[256];
	bool answered = false;
	struct timespec now;
	ssize_t n;

	if (dir)
		die_usage("unexpected argument '%s'", dir);
	/* Read as they arrive rather than through stdio: the time of arrival is the point. */
	while ((n = read(STDIN_FILENO, line, sizeof(line))) > 0 || !answered) {
		clock_gettime(CLOCK_REALTIME, &now);
		answered = true;
		if (n <= 0)
			line[0] = '\n';
		for (ssize_t i = 0; i < (n > 0 ? n : 1); i++)
			if (line[i] == '\n')
				printf("%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
		if (fflush(stdout) != 0)
			return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static const struct request {
	const char *name;
	bool needs_dir;
	int (*answer)(const char *dir);
} requests[] = {
    {"status", true, do_status}, {"stop", true, do_stop},    {"remove", true, do_remove},
    {"check", false, do_check},  {"clock", false, do_clock},
};

static const struct request *
find_request(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (strcmp(requests[i].name, name) == 0)
			return &requests[i];
	die_usage("unknown request '%s' (try --help)", name);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS};
	const struct request *request;
	const char *dir;
	int opt;

	cli_start(&command);
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1)
		cli_option(opt, argv);
	if (!argv[optind])
		die_usage("what to do is missing (try --help)");
	request = find_request(argv[optind]);
	dir = argv[optind + 1];
	if (dir && argv[optind + 2])
		die_usage("unexpected argument '%s'", argv[optind + 2]);
	if (request->needs_dir && !dir)
		die_usage("'%s' needs a directory", request->name);
	return cli_finish(request->answer(dir));
}
