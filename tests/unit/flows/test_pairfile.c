/* Files and pipes of connection pairs, which are read while they grow. */
#include "flows/pairfile.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned pairs;
static uint16_t last_port; /* of the last pair's client */

static void
count_pair(void *context, const struct connpair *pair)
{
	*(unsigned *)context += 1;
	last_port = pair->client.port;
}

static void
append(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
}

/* How many pairs of a client's port are reported by a read. */
static unsigned
read_more(struct pairfile *files)
{
	struct failure why;

	pairs = 0;
	if (pairfile_read(files, &why) < 0)
		abort();
	return pairs;
}

#define PAIR(port) "1 new tcp 10.0.0.1:" port " 10.0.0.2:2 10.0.0.3:3 10.0.0.4:4"

static void
a_file_that_grows(const char *path)
{
	struct pairfile files = {.report = count_pair, .context = &pairs};
	int fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	char long_line[40000];
	struct failure why;

	append(fd, "# a comment\n\n" PAIR("1") "\n" PAIR("2"));
	ok(pairfile_open(&files, path, &why) == 0, "a file opens");
	ok(read_more(&files) == 1 && last_port == 1, "its line without a newline has to wait");
	ok(read_more(&files) == 0, "... and no line is read twice");
	append(fd, "2\n" PAIR("3") "\r\n");
	ok(read_more(&files) == 2 && last_port == 3, "... until the rest of it is there");
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	append(fd, long_line);
	append(fd, "\nnonsense\n" PAIR("4"));
	ok(read_more(&files) == 0 && files.bad_lines == 2, "lines that are no pairs are counted");
	ok(strstr(files.bad_why.text, path) != NULL, "%s", files.bad_why.text);
	pairs = 0;
	ok(pairfile_read_all(&files, &why) == 0 && pairs == 1 && last_port == 4,
	   "the last line needs no newline at the end");
	pairfile_close(&files);
	close(fd);
}

static void
a_pipe(const char *path)
{
	struct pairfile files = {.report = count_pair, .context = &pairs};
	struct failure why;
	int fd;

	ok(mkfifo(path, 0600) == 0 && pairfile_open(&files, path, &why) == 0,
	   "a pipe opens without its writer");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	append(fd, PAIR("1") "\n" PAIR("2"));
	ok(read_more(&files) == 1, "it does not wait for more");
	close(fd);
	ok(read_more(&files) == 1 && last_port == 2,
	   "the last line counts when the writer is gone");
	pairfile_close(&files);
}

int
main(void)
{
	char directory[] = "/tmp/pairfile.XXXXXX", path[64];
	struct pairfile none = PAIRFILE_INIT;
	struct failure why;

	if (!mkdtemp(directory))
		abort();
	snprintf(path, sizeof(path), "%s/pairs", directory);
	a_file_that_grows(path);
	unlink(path);
	a_pipe(path);
	unlink(path);
	ok(pairfile_open(&none, path, &why) < 0 && strstr(why.text, path), "%s", why.text);
	pairfile_close(&none);
	rmdir(directory);
	return done_testing();
}
