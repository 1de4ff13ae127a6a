/*
 * A job arrives through ssh or kubectl on standard input, which stays open afterwards as a lease:
 * so the job ends not with the file but with the empty line behind its third part. Bytes read
 * beyond that are dropped: they could only renew the lease.
 */
#include "capture/job.h"

#include "base/fileio.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The end of the part that begins at text: an empty line, or the end of the text. */
static const char *
part_end(const char *text)
{
	while (*text && *text != '\n') {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

/* A copy of the part at *text, which is advanced past the empty line. */
static char *
copy_part(const char **text)
{
	const char *start = *text, *end = part_end(start);

	*text = end + (*end == '\n');
	return strndup(start, (size_t)(end - start));
}

static bool
is_complete(const char *text)
{
	for (int part = 0; part < 3; part++) {
		text = part_end(text);
		if (!*text)
			return false;
		text++;
	}
	return true;
}

int
job_parse(struct job *job, const char *text, struct failure *why)
{
	*job = JOB_INIT;
	job->filter = copy_part(&text);
	job->service = copy_part(&text);
	job->specs = copy_part(&text);
	if (job->filter && job->service && job->specs)
		return 0;
	failure_errno(why, "cannot read the job");
	job_release(job);
	return -1;
}

/* Waits for input or end of file: 0; -1 if there is neither in that time. */
static int
await(int fd, int64_t patience_ns, struct failure *why)
{
	struct pollfd input = {.fd = fd, .events = POLLIN};
	int n;

	do
		n = poll(&input, 1, patience_ns ? (int)(patience_ns / 1000000) : -1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failure_errno(why, "cannot read the job");
	return n > 0 ? 0 : failure_set(why, "no job was received: its sender is silent");
}

int
job_read(struct job *job, int fd, int64_t patience_ns, struct failure *why)
{
	size_t room = 1 << 16, used = 0;
	char *text = malloc(room);
	int rc = text ? 0 : failure_errno(why, "cannot read the job");

	while (rc == 0 && (rc = await(fd, patience_ns, why)) == 0) {
		ssize_t n = read(fd, text + used, room - used - 1);
		char *larger;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = failure_errno(why, "cannot read the job");
		used += n > 0 ? (size_t)n : 0;
		text[used] = '\0';
		if (rc == 0 && strlen(text) < used)
			rc = failure_set(why, "the job is not text");
		if (n <= 0 || is_complete(text))
			break;
		if (room - used > 1)
			continue;
		if (used > JOB_MAX) {
			rc = failure_set(why, "the job is larger than %d bytes", JOB_MAX);
		} else if ((larger = realloc(text, room *= 2))) {
			text = larger;
		} else {
			rc = failure_errno(why, "cannot read the job");
		}
	}
	/* Of a sender that is gone nobody knows what it wanted: not everything. */
	if (rc == 0 && used == 0)
		rc =
		    failure_set(why, "no job was received: its sender has ended, or something else "
				     "reads standard input");
	if (rc == 0)
		rc = job_parse(job, text, why);
	free(text);
	return rc;
}

int
job_load(struct job *job, const char *path, int64_t patience_ns, struct failure *why)
{
	char *text;
	size_t size;
	int fd, rc;

	*job = JOB_INIT;
	if (strcmp(path, "-") == 0)
		return job_read(job, STDIN_FILENO, patience_ns, why);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failure_errno(why, "cannot read '%s'", path);
	rc = fileio_slurp(fd, JOB_MAX, path, &text, &size, why);
	close(fd);
	if (rc == 0)
		job->filter = text;
	return rc;
}

int
job_store(const struct job *job, const struct rundir *dir, struct failure *why)
{
	const struct {
		const char *name, *text;
	} parts[] = {{"filter.bpf", job->filter}, {"service", job->service}, {"specs", job->specs}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const char *text = parts[i].text ? parts[i].text : "";

		if (rundir_store(dir, parts[i].name, text, strlen(text), why) < 0)
			return -1;
	}
	return 0;
}

int
job_open(const struct job *job, int files[2], struct failure *why)
{
	const char *const texts[] = {job->service, job->specs};

	files[0] = files[1] = -1;
	for (int i = 0; i < 2; i++) {
		if (!texts[i])
			continue;
		files[i] = process_input_open(texts[i], strlen(texts[i]), why);
		if (files[i] >= 0)
			continue;
		if (i > 0 && files[0] >= 0)
			close(files[0]);
		files[0] = -1;
		return -1;
	}
	return 0;
}

void
job_release(struct job *job)
{
	free(job->filter);
	free(job->service);
	free(job->specs);
	*job = JOB_INIT;
}
