/*
 * vcap-host: what a controller asks of an engine: the state of a capture, its end, its removal;
 * whether it could capture; the time.
 */
#include "base/keyval.h"
#include "base/strvec.h"
#include "capture/hostcheck.h"
#include "capture/localaddr.h"
#include "capture/rundir.h"
#include "cli.h"

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
		"check [-i iface] ... [dir [vip ...]]\n"
		"clock",
    .options =
	"  status dir   prints the status of the capture in dir\n"
	"  stop dir     ends it, waits until all is on disk, prints its status\n"
	"  remove dir   removes it, unless it is running\n"
	"  check ...    prints whether this host can capture, and into dir, and which of the\n"
	"               addresses are its own\n"
	"  clock        answers each line of input with the time\n"
	"\n"
	"  -i, --interface iface  check: this interface rather than those captured by default\n"
	"      --help             show this help\n"
	"      --version          show the version\n",
};

/* What follows the request. */
struct arguments {
	const char *dir;        /* NULL: not given */
	char *const *addresses; /* NULL-ended */
	struct strvec interfaces;
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
do_status(const struct arguments *arguments)
{
	struct keyval status;
	struct failure why;

	if (rundir_status(arguments->dir, &status, &why) < 0)
		die("%s", why.text);
	return print_status(&status);
}

static int
do_stop(const struct arguments *arguments)
{
	struct keyval status;
	struct failure why;

	if (rundir_stop(arguments->dir, STOP_TIMEOUT_MS, &status, &why) < 0)
		die("%s", why.text);
	return print_status(&status);
}

static int
do_remove(const struct arguments *arguments)
{
	struct failure why;

	if (rundir_remove(arguments->dir, &why) < 0)
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

/* All are read before anything is printed. */
static void
check_addresses(char *const *words)
{
	struct failure why = FAILURE_INIT;
	struct addr addr;

	for (; *words; words++)
		if (addr_parse(&addr, *words, &why) < 0)
			die_usage("%s", why.text);
}

static void
print_addresses(char *const *words)
{
	struct failure why = FAILURE_INIT;
	struct addr addr;
	bool is_local;

	for (; *words; words++)
		if (addr_parse(&addr, *words, &why) < 0 ||
		    localaddr_find(addr, &is_local, &why) < 0)
			warn("%s", why.text);
		else
			printf("%s %s\n", is_local ? "local" : "elsewhere", *words);
}

static void
print_troubles(const struct hostcheck *host)
{
	if (!host->has_interface)
		warn("%s", host->no_interface.text);
	if (!host->has_directory)
		warn("%s", host->no_directory.text);
	else if (host->free_bytes < host->reserve)
		warn("only %" PRIu64 " MiB of disk are free, and %" PRIu64 " MiB are to stay free",
		     host->free_bytes >> 20, host->reserve >> 20);
	if (host->is_barred)
		warn("no privilege to capture: this user may not run vcap-run, which is for its "
		     "owner and its group");
	else if (!host->may_capture)
		warn("no privilege to capture: vcap-run has no CAP_NET_RAW (grant it with "
		     "'setcap cap_net_raw=ep', or use sudo)");
}

static int
do_check(const struct arguments *arguments)
{
	struct hostcheck host;
	bool ready;

	check_addresses(arguments->addresses);
	hostcheck_init(&host, arguments->dir ? arguments->dir : ".",
		       (const char *const *)arguments->interfaces.list,
		       arguments->interfaces.count);
	ready = hostcheck_is_ready(&host);
	printf("version %s\n", VCAP_VERSION);
	printf("cap_net_raw %s\n", host.may_capture && !host.is_barred ? "yes" : "no");
	print_interfaces(&host.ifaces);
	if (host.has_directory)
		printf("free %" PRIu64 "\nreserve %" PRIu64 "\n", host.free_bytes, host.reserve);
	print_addresses(arguments->addresses);
	print_troubles(&host);
	hostcheck_release(&host);
	return ready ? EXIT_DONE : EXIT_FAILED;
}

/* One answer a line; without input, one answer. */
static int
do_clock(const struct arguments *arguments)
{
	char line[256];
	bool answered = false;
	struct timespec now;
	ssize_t n;

	if (arguments->dir)
		die_usage("unexpected argument '%s'", arguments->dir);
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
	int (*answer)(const struct arguments *arguments);
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

/* Options may stand before the request and after it. */
static struct arguments
parse_options(int argc, char **argv, const struct request **request)
{
	static const struct option options[] = {{"interface", required_argument, NULL, 'i'},
						CLI_OPTIONS};
	struct arguments arguments = {.interfaces = STRVEC_INIT};
	int opt;

	while ((opt = getopt_long(argc, argv, ":i:", options, NULL)) != -1) {
		if (opt != 'i')
			cli_option(opt, argv);
		strvec_add(&arguments.interfaces, optarg);
	}
	if (!argv[optind])
		die_usage("what to do is missing (try --help)");
	*request = find_request(argv[optind++]);
	arguments.dir = argv[optind];
	arguments.addresses = argv + optind + (arguments.dir ? 1 : 0);
	if ((*request)->needs_dir && !arguments.dir)
		die_usage("'%s' needs a directory", (*request)->name);
	if (arguments.interfaces.failed)
		die("out of memory");
	if ((*request)->answer == do_check)
		return arguments;
	if (*arguments.addresses)
		die_usage("unexpected argument '%s'", *arguments.addresses);
	if (arguments.interfaces.count > 0)
		die_usage("'-i' goes with 'check'");
	return arguments;
}

int
main(int argc, char **argv)
{
	const struct request *request;
	struct arguments arguments;

	cli_start(&command);
	arguments = parse_options(argc, argv, &request);
	return cli_finish(request->answer(&arguments));
}
