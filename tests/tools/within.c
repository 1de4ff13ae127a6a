/*
 * within FILE COMMAND [ARG...]
 *
 * Writes this process's number to FILE, a control group's list of processes (cgroups(7)), and becomes
 * COMMAND.
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int fd;

	if (argc < 3)
		errx(2, "usage: within FILE COMMAND [ARG...]");
	fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		err(1, "%s", argv[1]);
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
