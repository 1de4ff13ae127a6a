/*
 * vcap-host: what a controller asks of an engine: the state of a capture, its end, its removal;
 * whether it could capture; the time.
 */
#include "cli.h"
#include "fdio.h"
#include "iface.h"
#include "keyval.h"
#include "priv.h"
#include "quota.h"
#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Whether vcap-run, which lies beside this program, would be able to capture. */
static bool
can_capture(void)
{
	char path[PATH_MAX + 16];
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash;

	if (priv_has_net_raw())
		return true;
	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	strcpy(slash + 1, "vcap-run");
	return priv_file_has_net_raw(path);
}

/* dir, or the directory above it that exists. */
static int
open_nearest(const char *dir)
{
	char *path = xstrdup(dir);
	int fd;

	while ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 && errno == ENOENT) {
		char *slash = strrchr(path, '/');

		if (!slash)
			strcpy(path, ".");
		else
			slash[slash == path] = '\0';
	}
	free(path);
	return fd;
}

/* The interfaces vcap-run would take by itself, and those of them with XDP programs. */
static int
check_interfaces(void)
{
	struct ifaces ifaces;
	struct failure why;
	int rc = ifaces_read(&ifaces, &why);

	if (rc == 0)
		rc = ifaces_choose(&ifaces, NULL, 0, &why);
	printf("interfaces");
	for (size_t i = 0; rc == 0 && i < ifaces.count; i++)
		if (ifaces.list[i].taken)
			printf(" %s", ifaces.list[i].name);
	putchar('\n');
	for (size_t i = 0; rc == 0 && i < ifaces.count; i++)
		if (ifaces.list[i].taken && ifaces.list[i].has_xdp)
			printf("xdp %s\n", ifaces.list[i].name);
	ifaces_release(&ifaces);
	if (rc < 0)
		warn("%s", why.text);
	return rc;
}

static int
do_check(const char *dir)
{
	bool able = can_capture(), has_interface;
	int fd = open_nearest(dir ? dir : ".");

	printf("version %s\n", VCAP_VERSION);
	printf("cap_net_raw %s\n", able ? "yes" : "no");
	has_interface = check_interfaces() == 0;
	if (fd >= 0)
		printf("free %" PRIu64 "\n", quota_free_bytes(fd));
	else
		warn("cannot open '%s': %s", dir ? dir : ".", strerror(errno));
	if (!able)
		warn("no privilege to capture: vcap-run has no CAP_NET_RAW (grant it with "
		     "'setcap cap_net_raw=ep', or use sudo)");
	return able && has_interface && fd >= 0 ? EXIT_DONE : EXIT_FAILED;
}

/* One answer a line; without input, one answer. */
static int
do_clock(void)
{
	char line[256];
	bool answered = false;
	struct timespec now;
	ssize_t n;

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

int
main(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS};
	const char *verb, *dir;
	int opt;

	cli_start(&command);
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1)
		cli_option(opt, argv);
	verb = argv[optind];
	dir = verb ? argv[optind + 1] : NULL;
	if (!verb)
		die_usage("what to do is missing (try --help)");
	if (dir && argv[optind + 2])
		die_usage("unexpected argument '%s'", argv[optind + 2]);
	if (strcmp(verb, "clock") == 0 && !dir)
		return cli_finish(do_clock());
	if (strcmp(verb, "check") == 0)
		return cli_finish(do_check(dir));
	if (strcmp(verb, "clock") == 0)
		die_usage("unexpected argument '%s'", dir);
	if (strcmp(verb, "status") != 0 && strcmp(verb, "stop") != 0 && strcmp(verb, "remove") != 0)
		die_usage("unknown request '%s' (try --help)", verb);
	if (!dir)
		die_usage("'%s' needs a directory", verb);
	if (strcmp(verb, "status") == 0)
		return cli_finish(do_status(dir));
	return cli_finish(strcmp(verb, "stop") == 0 ? do_stop(dir) : do_remove(dir));
}
