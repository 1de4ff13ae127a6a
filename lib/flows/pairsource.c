#include "flows/pairsource.h"

#include "flows/haproxy_log.h"

#include <errno.h>
#include <string.h>

#define MS INT64_C(1000000) /* nanoseconds */

int64_t
pairsource_log_line(struct pairsource *source, const char *line, int64_t since_ns)
{
	struct connpair pair;
	struct failure why;

	switch (haproxy_log_parse(&pair, line, &why)) {
	case HAPROXY_LOG_PAIR:
		if (pair.time_ns >= since_ns)
			source->report(source->context, &pair);
		return pair.time_ns;
	case HAPROXY_LOG_BAD:
		if (!source->has_bad_lines)
			failure_set(&source->note, "the log has bad lines; the first: %s",
				    why.text);
		source->has_bad_lines = true;
		break;
	case HAPROXY_LOG_OTHER: break;
	}
	return INT64_MIN;
}

int64_t
pairsource_line_time(const char *line)
{
	struct connpair pair;

	return haproxy_log_parse(&pair, line, NULL) == HAPROXY_LOG_PAIR ? pair.time_ns : INT64_MIN;
}

int
pairsource_ms_until(int64_t then_ns, int64_t now_ns)
{
	const int64_t ms = (then_ns - now_ns + MS - 1) / MS;

	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

int
pairsource_wait(struct pairsource *source, int out, struct failure *why)
{
	struct pollfd pollers[PAIRSOURCE_FDS + 1];

	memcpy(pollers, source->fds, sizeof(source->fds));
	pollers[PAIRSOURCE_FDS] = (struct pollfd){.fd = out};
	if (poll(pollers, PAIRSOURCE_FDS + 1, source->timeout_ms) < 0 && errno != EINTR)
		return failure_errno(why, "cannot wait for connection pairs");
	memcpy(source->fds, pollers, sizeof(source->fds));
	return !(pollers[PAIRSOURCE_FDS].revents & (POLLERR | POLLHUP));
}
