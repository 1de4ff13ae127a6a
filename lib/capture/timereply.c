#include "capture/timereply.h"

#include "base/clock.h"
#include "base/fileio.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define SILENCE_MS 15000 /* vcap-live asks every five seconds */

/* Reads what comes, as read(2); 0 also if nothing does. */
static ssize_t
read_some(int in, char *bytes, size_t size)
{
	struct pollfd poller = {in, POLLIN, 0};

	return poll(&poller, 1, SILENCE_MS) == 0 ? 0 : read(in, bytes, size);
}

static int
write_time(int out, int64_t now, struct failure *why)
{
	char line[64];
	int size = snprintf(line, sizeof(line), "%" PRId64 ".%09" PRId64 "\n", now / NS_PER_SECOND,
			    now % NS_PER_SECOND);

	if (fileio_write_all(out, line, (size_t)size) < 0)
		return failure_errno(why, "cannot write the time");
	return 0;
}

int
timereply_run(int in, int out, struct failure *why)
{
	char bytes[256];
	ssize_t n;
	bool has_answered = false;
	int rc = 0;

	/* No buffered input: the time of arrival is the answer. */
	while (rc == 0 && ((n = read_some(in, bytes, sizeof(bytes))) > 0 || !has_answered)) {
		const int64_t now = clock_realtime_ns();

		has_answered = true;
		if (n <= 0)
			return write_time(out, now, why);
		for (ssize_t i = 0; rc == 0 && i < n; i++)
			if (bytes[i] == '\n')
				rc = write_time(out, now, why);
	}
	return rc;
}
