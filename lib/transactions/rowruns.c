/*
 * An external merge sort. A run is what memory held, sorted, so there are few of them: the first row of
 * each is looked at for each row that is read. A row is a head of fixed size, then its texts.
 */
#include "transactions/rowruns.h"

#include "base/array.h"
#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER ((size_t)64 << 10)

/* In front of the texts of a row in the file. */
struct head {
	double key;
	int64_t began_ns;
	uint64_t id;
	uint32_t text_size; /* with its NUL; 0: none */
	uint32_t cells_size;
	bool has_key;
};

struct rowrun {
	int64_t from, to; /* where it lies in the file */
	int64_t next;     /* what is not in the buffer yet */
	char *buffer;     /* heap, owned */
	size_t room, at, end;
	struct listing_row row; /* at hand; its texts are in the buffer */
	bool has_row;
};

void
rowruns_open(struct rowruns *runs, const char *directory)
{
	char path[PATH_MAX];

	*runs = ROWRUNS_INIT;
	runs->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
	/* Not every filesystem has those. */
	if (runs->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) ||
	    snprintf(path, sizeof(path), "%s/vcap.XXXXXX", directory) >= (int)sizeof(path))
		return;
	runs->fd = mkostemp(path, O_CLOEXEC);
	if (runs->fd >= 0)
		unlink(path);
}

void
rowruns_release(struct rowruns *runs)
{
	for (size_t i = 0; i < runs->count; i++)
		free(runs->runs[i].buffer);
	free(runs->runs);
	fileio_close(&runs->fd);
	*runs = ROWRUNS_INIT;
}

/* Writes all bytes at an offset. */
static int
write_at(int fd, const char *bytes, size_t size, int64_t offset)
{
	while (size > 0) {
		ssize_t n = pwrite(fd, bytes, size, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		size -= (size_t)n;
		offset += n;
	}
	return 0;
}

/* A buffer in front of the file. */
struct output {
	int fd;
	int64_t at;
	size_t used;
	char bytes[BUFFER];
};

static int
put(struct output *out, const void *from, size_t size)
{
	if (out->used + size > sizeof(out->bytes)) {
		if (write_at(out->fd, out->bytes, out->used, out->at) < 0)
			return -1;
		out->at += (int64_t)out->used;
		out->used = 0;
	}
	if (size > sizeof(out->bytes)) {
		if (write_at(out->fd, from, size, out->at) < 0)
			return -1;
		out->at += (int64_t)size;
		return 0;
	}
	memcpy(out->bytes + out->used, from, size);
	out->used += size;
	return 0;
}

static int
put_row(struct output *out, const struct listing_row *row)
{
	struct head head;

	memset(&head, 0, sizeof(head)); /* what is between its members, too */
	head.key = row->key;
	head.has_key = row->has_key;
	head.began_ns = row->began_ns;
	head.id = row->id;
	head.text_size = row->text ? (uint32_t)strlen(row->text) + 1 : 0;
	head.cells_size = (uint32_t)row->cells_size;
	if (put(out, &head, sizeof(head)) < 0 ||
	    (head.text_size && put(out, row->text, head.text_size) < 0))
		return -1;
	return put(out, row->cells, row->cells_size);
}

int
rowruns_add(struct rowruns *runs, const struct listing_row *rows, size_t count)
{
	struct output *out;
	int rc = 0;

	if (runs->fd < 0 || array_grow(&runs->runs, runs->count, sizeof(*runs->runs)) < 0)
		return -1;
	out = malloc(sizeof(*out));
	if (!out)
		return -1;
	out->fd = runs->fd;
	out->at = runs->size;
	out->used = 0;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = put_row(out, &rows[i]);
	if (rc == 0)
		rc = write_at(out->fd, out->bytes, out->used, out->at);
	if (rc == 0) {
		int64_t to = out->at + (int64_t)out->used;

		runs->runs[runs->count++] = (struct rowrun){.from = runs->size, .to = to};
		runs->size = to;
	}
	free(out);
	return rc;
}

/* Has so many bytes in the buffer, in one piece. */
static int
want(int fd, struct rowrun *run, size_t size, struct failure *why)
{
	if (run->end - run->at >= size)
		return 0;
	if (!run->buffer || size > run->room) {
		size_t room = size > BUFFER ? size : BUFFER;
		char *more = realloc(run->buffer, room);

		if (!more)
			return failure_nomem(why);
		run->buffer = more;
		run->room = room;
	}
	memmove(run->buffer, run->buffer + run->at, run->end - run->at);
	run->end -= run->at;
	run->at = 0;
	while (run->end < size) {
		size_t most = run->room - run->end;
		ssize_t n;

		if ((int64_t)most > run->to - run->next)
			most = (size_t)(run->to - run->next);
		n = pread(fd, run->buffer + run->end, most, run->next);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_errno(why, "cannot read rows that were put aside");
		if (n == 0)
			return failure_set(why, "rows that were put aside are gone");
		run->end += (size_t)n;
		run->next += n;
	}
	return 0;
}

/* The next row of a run. */
static int
advance(int fd, struct rowrun *run, struct failure *why)
{
	struct head head;
	size_t size;

	run->has_row = false;
	if (run->at == run->end && run->next == run->to)
		return 0;
	if (want(fd, run, sizeof(head), why) < 0)
		return -1;
	memcpy(&head, run->buffer + run->at, sizeof(head));
	size = sizeof(head) + head.text_size + head.cells_size;
	if (want(fd, run, size, why) < 0)
		return -1;
	run->row = (struct listing_row){
	    .key = head.key,
	    .has_key = head.has_key,
	    .began_ns = head.began_ns,
	    .id = head.id,
	    .text = head.text_size ? run->buffer + run->at + sizeof(head) : NULL,
	    .cells = run->buffer + run->at + sizeof(head) + head.text_size,
	    .cells_size = head.cells_size,
	};
	run->at += size;
	run->has_row = true;
	return 0;
}

int
rowruns_rewind(struct rowruns *runs, struct failure *why)
{
	for (size_t i = 0; i < runs->count; i++) {
		struct rowrun *run = &runs->runs[i];

		run->next = run->from;
		run->at = run->end = 0;
		if (advance(runs->fd, run, why) < 0)
			return -1;
	}
	return 0;
}

static struct rowrun *
first_of(const struct rowruns *runs)
{
	struct rowrun *first = NULL;

	for (size_t i = 0; i < runs->count; i++) {
		struct rowrun *run = &runs->runs[i];

		if (run->has_row && (!first || listing_row_compare(&run->row, &first->row) < 0))
			first = run;
	}
	return first;
}

const struct listing_row *
rowruns_row(const struct rowruns *runs)
{
	const struct rowrun *first = first_of(runs);

	return first ? &first->row : NULL;
}

int
rowruns_next(struct rowruns *runs, struct failure *why)
{
	struct rowrun *first = first_of(runs);

	return first ? advance(runs->fd, first, why) : 0;
}
