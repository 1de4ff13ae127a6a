/*
 * within [--net=FILE] GROUP COMMAND [ARG...]
 *
 * Writes this process's number to GROUP, a control group's list of processes (cgroups(7)), enters the
 * network namespace at FILE, and becomes COMMAND: nsenter(1) and a shell in one small program.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

static void
enter_network(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		err(1, "%s", path);
}

int
main(int argc, char **argv)
{
	const char *network = NULL;
	int fd;

	if (argc > 1 && strncmp(argv[1], "--net=", 6) == 0) {
		network = argv[1] + 6;
		argv++, argc--;
	}
	if (argc < 3)
		errx(2, "usage: within [--net=FILE] GROUP COMMAND [ARG...]");
	fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		err(1, "%s", argv[1]);
	if (network)
		enter_network(network);
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
