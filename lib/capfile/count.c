/*
 * The file was fetched from an engine, which may be hostile, and the caller may be root: so a child
 * without privileges parses it, and answers with a fixed structure through a pipe. If it crashes,
 * the answer is short, and that is a failure like any other.
 */
#include "capfile/count.h"

#include "base/fileio.h"
#include "base/priv.h"
#include "capfile/reader.h"
#include "packet/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the process writes to its pipe. */
struct answer {
	struct count count;
	struct failure why;
	int rc;
};

static int
read_and_count(struct count *count, const char *path, struct failure *why)
{
	struct reader *file;
	struct source *source;
	struct packet packet;
	enum source_event event;

	if (priv_drop_all(why) < 0)
		return -1;
	file = reader_open(path, why);
	if (!file)
		return -1;
	source = reader_source(file);
	do {
		event = source->next(source, &packet, why);
		if (event == SOURCE_PACKET) {
			count->packets++;
			count->bytes += packet.caplen;
		}
	} while (event != SOURCE_END && event != SOURCE_CUT);
	count->cut_short = event != SOURCE_END || reader_section(file)->cut_short;
	reader_close(file);
	return 0;
}

int
count_file(struct count *count, const char *path, struct failure *why)
{
	struct answer answer = {.rc = -1};
	ssize_t size;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot count '%s'", path);
	pid = fork();
	if (pid == 0) {
		answer.rc = read_and_count(&answer.count, path, &answer.why);
		_exit(fileio_write_all(fds[1], &answer, sizeof(answer)) < 0);
	}
	close(fds[1]);
	size = pid < 0 ? -1 : fileio_read_full(fds[0], &answer, sizeof(answer));
	close(fds[0]);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (size != (ssize_t)sizeof(answer))
		return failure_set(why, "cannot count '%s': the process that reads it died", path);
	if (answer.rc < 0)
		return failure_set(why, "%s", answer.why.text);
	*count = answer.count;
	return 0;
}
