/*
 * A regular file has no end that is final while the capture goes on: it may grow, and read() says
 * each time where it ends now. Its last line counts only once it is terminated by a newline, or at
 * pairfile_read_all. Anything else, such as a FIFO, has ended when read() says so.
 */
#include "flows/pairfile.h"

#include "base/array.h"
#include "base/linebuf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum mode { DO_NOT_WAIT, UP_TO_THE_END };

struct pairfile_input {
	int fd;
	const char *path; /* the caller's */
	bool is_regular;
	bool has_ended;
	struct linebuf lines;
};

int
pairfile_open(struct pairfile *files, const char *path, struct failure *why)
{
	struct pairfile_input *input;
	struct stat st;
	int fd;

	if (array_grow(&files->inputs, files->count, sizeof(*input)) < 0)
		return failure_errno(why, "cannot read '%s'", path);
	/* Not to wait for a FIFO's writer; read() is called once poll() says so. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		failure_errno(why, "cannot read '%s'", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	input = &files->inputs[files->count++];
	input->fd = fd;
	input->path = path;
	input->is_regular = S_ISREG(st.st_mode);
	input->has_ended = false;
	linebuf_init(&input->lines);
	return 0;
}

void
pairfile_close(struct pairfile *files)
{
	for (size_t i = 0; i < files->count; i++)
		close(files->inputs[i].fd);
	free(files->inputs);
	files->inputs = NULL;
	files->count = 0;
}

static void
parse_line(struct pairfile *files, const struct pairfile_input *input, const char *line)
{
	struct failure why = FAILURE_INIT;
	struct connpair pair;

	if (line[0] == '\0' || line[0] == '#' || line[0] == '\r')
		return;
	if (connpair_parse(&pair, line, &why) == 0)
		files->report(files->context, &pair);
	else if (files->bad_lines++ == 0)
		failure_set(&files->bad_why, "'%s': %s", input->path, why.text);
}

static void
parse_lines(struct pairfile *files, struct pairfile_input *input)
{
	const char *line;

	while ((line = linebuf_next(&input->lines)))
		parse_line(files, input, line);
	if (input->has_ended && (line = linebuf_rest(&input->lines)))
		parse_line(files, input, line);
}

/* One read. 1: there may be more; 0: not now; -1: cannot read. */
static int
read_once(struct pairfile *files, struct pairfile_input *input, enum mode mode, struct failure *why)
{
	struct pollfd ready = {.fd = input->fd, .events = POLLIN};
	char *space;
	ssize_t size;
	size_t room;

	if (!input->is_regular && poll(&ready, 1, mode == DO_NOT_WAIT ? 0 : -1) == 0)
		return 0;
	space = linebuf_space(&input->lines, &room);
	size = read(input->fd, space, room);
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR || mode == UP_TO_THE_END;
	if (size < 0)
		return failure_errno(why, "cannot read '%s'", input->path);
	linebuf_filled(&input->lines, (size_t)size);
	input->has_ended = size == 0 && (mode == UP_TO_THE_END || !input->is_regular);
	parse_lines(files, input);
	return size > 0;
}

static int
read_inputs(struct pairfile *files, enum mode mode, struct failure *why)
{
	for (size_t i = 0; i < files->count; i++) {
		int rc = !files->inputs[i].has_ended;

		while (rc > 0)
			rc = read_once(files, &files->inputs[i], mode, why);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
pairfile_read(struct pairfile *files, struct failure *why)
{
	return read_inputs(files, DO_NOT_WAIT, why);
}

int
pairfile_read_all(struct pairfile *files, struct failure *why)
{
	return read_inputs(files, UP_TO_THE_END, why);
}

bool
pairfile_complains(const struct pairfile *files, struct failure *complaint)
{
	if (!files->bad_lines)
		return false;
	failure_set(complaint, "%" PRIu64 " lines of the tables are not pairs: %s",
		    files->bad_lines, files->bad_why.text);
	return true;
}
