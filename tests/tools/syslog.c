/*
 * syslog [stream] >LINES
 *
 * Is the log of this mount namespace: takes what is sent to /dev/log, datagrams or streams, and
 * prints it as lines, without the priority's brackets, the date and the pid:
 * `85 vcap-start: start id=...`. A NUL or an end of file ends a line of a stream.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
print(const char *line)
{
	int priority, begin = 0, end = 0;
	char name[64];

	if (sscanf(line, "<%d>%*3s %*2d %*2d:%*2d:%*2d %n%63[a-z-][%*d]: %n", &priority, &begin,
		   name, &end) == 2 &&
	    end)
		printf("%d %s: %s\n", priority, name, line + end);
	else
		printf("malformed: %s\n", line);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	const struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	const int is_stream = argc > 1 && strcmp(argv[1], "stream") == 0;
	int fd = socket(AF_UNIX, is_stream ? SOCK_STREAM : SOCK_DGRAM, 0);
	char line[65536];

	unlink(log.sun_path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&log, sizeof(log)) < 0 ||
	    (is_stream && listen(fd, 64) < 0))
		err(1, "cannot be %s", log.sun_path);
	for (;;) {
		int from = is_stream ? accept(fd, NULL, NULL) : fd;
		ssize_t n = recv(from, line, sizeof(line) - 1, 0);

		line[n > 0 ? n : 0] = '\0';
		if (n > 0)
			print(line);
		if (is_stream)
			close(from);
	}
}
