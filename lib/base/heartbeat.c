#include "base/heartbeat.h"

#include "base/clock.h"
#include "base/parse.h"

#include <errno.h>
#include <unistd.h>

int
heartbeat_parse(const char *word, int64_t *timeout_ns, struct failure *why)
{
	int64_t ns;

	if (parse_duration(word, NS_PER_SECOND, &ns, why) < 0)
		return -1;
	if (ns == 0)
		return failure_set(why, "heartbeats take some time: not '%s'", word);
	*timeout_ns = ns;
	return 0;
}

void
heartbeat_begin(struct heartbeat *heartbeat, int fd, int64_t timeout_ns)
{
	const int64_t now_ns = clock_monotonic_ns();

	heartbeat->fd = fd;
	heartbeat->timeout_ns = timeout_ns;
	heartbeat->end_ns = timeout_ns < INT64_MAX - now_ns ? now_ns + timeout_ns : INT64_MAX;
}

enum heartbeat_state
heartbeat_listen(struct heartbeat *heartbeat, short revents)
{
	char bytes[512];
	ssize_t n = 0;

	if (heartbeat->fd < 0)
		return HEARTBEAT_LASTS;
	if (revents) {
		n = read(heartbeat->fd, bytes, sizeof(bytes));
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return HEARTBEAT_CLOSED;
	}
	if (n > 0)
		heartbeat_begin(heartbeat, heartbeat->fd, heartbeat->timeout_ns);
	return clock_monotonic_ns() < heartbeat->end_ns ? HEARTBEAT_LASTS : HEARTBEAT_MISSED;
}
