/*
 * engine_stub DIR END COMMAND [ARG...]
 *
 * An engine that answers as one did before: a transport for the engines file (`exec`). To requests
 * for a status it prints the file DIR/running, from END (seconds since 1970) on DIR/done; to vcap-run
 * DIR/running, to a fetch DIR/file. If there is a DIR/raw, that is all it prints to each request of a
 * session. Nothing is captured, kept or removed.
 */
#include "base/clock.h"

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *directory;
static int64_t end_ns;

static void
copy(const char *name)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", directory, name) < 0 || (fd = open(path, O_RDONLY)) < 0)
		err(1, "%s", name);
	for (char bytes[65536];;) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n <= 0 || write(STDOUT_FILENO, bytes, (size_t)n) != n)
			break;
	}
	close(fd);
	free(path);
}

static bool
has(const char *name)
{
	char *path;
	const bool is_there =
	    asprintf(&path, "%s/%s", directory, name) >= 0 && access(path, F_OK) == 0;

	free(path);
	return is_there;
}

static void
print_status(void)
{
	copy(clock_realtime_ns() < end_ns ? "running" : "done");
}

static void
follow(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		const int64_t now = clock_realtime_ns();

		if (has("raw")) {
			copy("raw");
			continue;
		}
		dprintf(STDOUT_FILENO, "time " CLOCK_FORMAT "\n", CLOCK_ARGS(now));
		if (strcmp(line, "clock\n") != 0)
			print_status();
		dprintf(STDOUT_FILENO, "\n");
	}
	free(line);
}

static bool
is(const char *word, const char *other)
{
	return word && strcmp(word, other) == 0;
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		errx(2, "usage: engine_stub DIR END COMMAND [ARG...]");
	directory = argv[1];
	end_ns = strtoll(argv[2], NULL, 10) * NS_PER_SECOND;
	argv += 3;
	if (is(argv[1], "answer")) {
		dprintf(STDOUT_FILENO, "vcap-answer %s\n", argv[2]);
		argv += 4;
	}
	if (is(argv[0], "vcap-run") || is(argv[1], "start")) {
		while (getchar() != EOF)
			;
		copy("running");
	} else if (is(argv[1], "follow")) {
		follow();
	} else if (is(argv[0], "vcap-merge") || is(argv[1], "fetch")) {
		copy("file");
	} else if (!is(argv[1], "remove")) {
		print_status();
	}
	return 0;
}
