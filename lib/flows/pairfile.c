#include "flows/pairfile.h"

#include "flows/connpair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct table_input {
	int fd;
	const char *path; /* the caller's */
	bool is_regular;  /* its end may move on */
	bool has_ended;
	bool is_long; /* the line at hand is longer than any pair: up to its end it is not read */
	size_t used;
	char bytes[16384];
};

int
pairfile_open(struct pairfile *tables, const char *path, struct failure *why)
{
	struct table_input *list = reallocarray(tables->list, tables->count + 1, sizeof(*list));
	struct stat st;
	int fd;

	if (!list)
		return failure_errno(why, "cannot read '%s'", path);
	tables->list = list;
	/* Not to wait for a FIFO's writer; read() is called once poll() says so. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failure_errno(why, "cannot read '%s'", path);
	list += tables->count++;
	list->fd = fd;
	list->path = path;
	list->is_regular = S_ISREG(st.st_mode);
	list->has_ended = list->is_long = false;
	list->used = 0;
	return 0;
}

void
pairfile_close(struct pairfile *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		close(tables->list[i].fd);
	free(tables->list);
	tables->list = NULL;
	tables->count = 0;
}

static void
take_line(struct pairfile *tables, const struct table_input *input, const char *line,
	  struct join *join)
{
	struct failure why = FAILURE_INIT;
	struct connpair pairing;

	if (line[0] == '\0' || line[0] == '#' || line[0] == '\r')
		return;
	if (connpair_parse(&pairing, line, &why) == 0)
		join_pair(join, &pairing);
	else if (tables->bad_lines++ == 0)
		failure_set(&tables->bad_why, "'%s': %s", input->path, why.text);
}

/* Takes the lines that are whole; is_end: what is left is one too. */
static void
take_lines(struct pairfile *tables, struct table_input *input, bool is_end, struct join *join)
{
	char *line = input->bytes, *newline;
	size_t left = input->used;

	while ((newline = memchr(line, '\n', left))) {
		*newline = '\0';
		if (!input->is_long)
			take_line(tables, input, line, join);
		input->is_long = false;
		left -= (size_t)(newline + 1 - line);
		line = newline + 1;
	}
	memmove(input->bytes, line, left);
	input->used = left;
	if (left + 1 == sizeof(input->bytes)) {
		input->is_long = true;
		input->used = 0;
	}
	if (is_end && left && !input->is_long) {
		input->bytes[left] = '\0';
		take_line(tables, input, input->bytes, join);
		input->used = 0;
	}
}

/* 1: there may be more; 0: not now; -1: cannot read. */
static int
take_some(struct pairfile *tables, struct table_input *input, bool wait, struct join *join,
	  struct failure *why)
{
	struct pollfd ready = {.fd = input->fd, .events = POLLIN};
	ssize_t size;

	if (!input->is_regular && poll(&ready, 1, wait ? -1 : 0) == 0)
		return 0;
	size = read(input->fd, input->bytes + input->used, sizeof(input->bytes) - 1 - input->used);
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR || wait;
	if (size < 0)
		return failure_errno(why, "cannot read '%s'", input->path);
	input->used += (size_t)size;
	input->has_ended = size == 0 && (wait || !input->is_regular);
	take_lines(tables, input, input->has_ended, join);
	return size > 0;
}

static int
take(struct pairfile *tables, bool wait, struct join *join, struct failure *why)
{
	for (size_t i = 0; i < tables->count; i++) {
		int rc = !tables->list[i].has_ended;

		while (rc > 0)
			rc = take_some(tables, &tables->list[i], wait, join, why);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
pairfile_take(struct pairfile *tables, struct join *join, struct failure *why)
{
	return take(tables, false, join, why);
}

int
pairfile_take_all(struct pairfile *tables, struct join *join, struct failure *why)
{
	return take(tables, true, join, why);
}
