/* The process that counts a file is confined before it reads. */
#include "capfile/count.h"

#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned char capture[] = {
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4,   0,   1,   0,
    0,    0,    1,    0,    0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 'a', 'b', 'c', 'd'};

/* The process that pid has started, once it has. */
static int
child_of(pid_t pid)
{
	char path[64];
	int child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	while (child == 0) {
		FILE *children = fopen(path, "r");

		if (!children || (fscanf(children, "%d", &child) != 1 && kill(pid, 0) < 0))
			abort();
		fclose(children);
	}
	return child;
}

/* The value of a line of /proc/PID/status. */
static int
status_of(int pid, const char *key)
{
	char path[64], line[256];
	int value = -1;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "r");
	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, key, strlen(key)) == 0)
			value = atoi(line + strlen(key));
	if (status)
		fclose(status);
	return value;
}

/* How many descriptors of the process are neither /dev/null, the path, nor the one pipe that it answers by; -1: that
 * cannot be seen. */
static int
count_others(int pid, const char *path)
{
	char folder[64], link[512];
	const struct dirent *entry;
	int others = 0, pipes = 0;
	DIR *entries;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", pid);
	entries = opendir(folder);
	if (!entries)
		return -1;
	while ((entry = readdir(entries))) {
		ssize_t size = readlinkat(dirfd(entries), entry->d_name, link, sizeof(link) - 1);

		link[size < 0 ? 0 : size] = '\0';
		if (strncmp(link, "pipe:", 5) == 0)
			pipes++;
		else if (size >= 0 && strcmp(link, path) != 0 && strcmp(link, "/dev/null") != 0)
			others++;
	}
	closedir(entries);
	return others + (pipes > 1 ? pipes - 1 : 0);
}

int
main(void)
{
	char directory[] = "/tmp/vcap-count.XXXXXX", fifo[64];
	struct count count;
	int fd, child, rc, pair[2];
	pid_t pid;

	if (!mkdtemp(directory))
		abort();
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	if (mkfifo(fifo, 0600) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		struct failure why;

		if (open("/etc/passwd", O_RDONLY) < 0 ||
		    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
			_exit(99);
		_exit(count_file(&count, fifo, &why) < 0 || count.packets != 1 || count.bytes != 4);
	}
	fd = open(fifo, O_WRONLY);
	child = child_of(pid);
	if (write(fd, capture, 30) != 30)
		abort();
		/* It waits for the rest; a process that is gone has no status. */
#if defined(__SANITIZE_ADDRESS__)
	while ((rc = status_of(child, "NoNewPrivs:")) == 0)
		usleep(1000);
	ok(rc == 1, "it has given up its privileges");
#else
	for (int i = 0; i < 20000 && (rc = status_of(child, "Seccomp:")) == 0; i++)
		usleep(1000);
	ok(rc == 2, "it is confined while it reads");
	rc = count_others(child, fifo);
	if (rc < 0)
		printf("ok %u - its descriptors # skip they cannot be seen\n", ++tap_count);
	else
		ok(rc == 0, "it has no descriptors but what it reads and answers by: %d", rc);
#endif
	if (write(fd, capture + 30, sizeof(capture) - 30) != (ssize_t)(sizeof(capture) - 30))
		abort();
	close(fd);
	ok(waitpid(pid, &rc, 0) == pid && rc == 0, "it counts");
	unlink(fifo);
	rmdir(directory);
	return done_testing();
}
