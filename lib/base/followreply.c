/*
 * The controller takes the time of an answer for that of its own clock between request and answer
 * (RFC 5905 section 8). So the time is read when a request arrives, and written at once, before a status
 * is read from disk. Lines that arrive together have one time.
 */
#include "base/followreply.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/linebuf.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORD_TOLD 40 /* bytes told of an unknown request */

static int
put(int out, const char *text, size_t size, struct failure *why)
{
	return fileio_write_all(out, text, size) == 0
		   ? 0
		   : failure_errno(why, "cannot write the answer");
}

static int
put_time(int out, int64_t now, struct failure *why)
{
	char line[64];
	const int size = snprintf(line, sizeof(line), "time " CLOCK_FORMAT "\n", CLOCK_ARGS(now));

	return put(out, line, (size_t)size, why);
}

/* Returns whether it is one. */
static bool
find_request(const char *word, enum followreply_request *request)
{
	static const char *const words[] = {[FOLLOWREPLY_STATUS] = "",
					    [FOLLOWREPLY_STOP] = "stop",
					    [FOLLOWREPLY_REMOVE] = "remove"};
	size_t i = 0;

	while (i < sizeof(words) / sizeof(*words) && strcmp(word, words[i]) != 0)
		i++;
	*request = (enum followreply_request)i;
	return i < sizeof(words) / sizeof(*words);
}

/* The status after the request, or why there is none, with the empty line. Heap; NULL: out of
 * memory. */
static char *
ask(const char *word, followreply_capture *capture, void *context, size_t *size)
{
	enum followreply_request request;
	struct failure reason = FAILURE_INIT;
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	int rc;

	if (!out)
		return NULL;
	if (find_request(word, &request))
		rc = capture(request, context, out, &reason);
	else
		rc = failure_set(&reason, "unknown request '%.*s'", WORD_TOLD, word);
	if (rc < 0) {
		rewind(out);
		fprintf(out, "failed %s\n", reason.text);
	}
	putc('\n', out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int
answer(const char *word, int64_t now, int out, followreply_capture *capture, void *context,
       struct failure *why)
{
	size_t size;
	char *text;
	int rc = put_time(out, now, why);

	if (rc < 0 || strcmp(word, "clock") == 0)
		return rc < 0 ? -1 : put(out, "\n", 1, why);
	text = ask(word, capture, context, &size);
	rc = text ? put(out, text, size, why) : failure_nomem(why);
	free(text);
	return rc;
}

/* Waits for input. Returns whether there is some, or its end. A link that swallows all does not end it, and
 * what was captured may be removed by another way. */
static bool
wait_for(int in, followreply_gone *is_gone, void *context)
{
	struct pollfd poller = {in, POLLIN, 0};

	for (int64_t waited_ns = 0; waited_ns < FOLLOWREPLY_IDLE_NS;
	     waited_ns += FOLLOWREPLY_GONE_NS) {
		int ready;

		do
			ready = poll(&poller, 1, (int)(FOLLOWREPLY_GONE_NS / 1000000));
		while (ready < 0 && errno == EINTR);
		if (ready != 0)
			return ready > 0;
		if (is_gone && is_gone(context))
			return false;
	}
	return false;
}

int
followreply_run(int in, int out, followreply_capture *capture, followreply_gone *is_gone,
		void *context, struct failure *why)
{
	struct linebuf *lines = malloc(sizeof(*lines));
	ssize_t n = 1;
	int rc = lines ? 0 : failure_nomem(why);

	if (lines)
		linebuf_init(lines);
	while (rc == 0 && n > 0 && wait_for(in, is_gone, context)) {
		size_t room;
		char *space = linebuf_space(lines, &room), *word;
		int64_t now;

		n = read(in, space, room);
		now = clock_realtime_ns();
		if (n < 0)
			break;
		linebuf_filled(lines, (size_t)n);
		while (rc == 0 && (word = linebuf_next(lines)))
			rc = answer(word, now, out, capture, context, why);
	}
	free(lines);
	return rc;
}
