/* Heartbeats: bytes renew the time, its end and the other end's are told apart. */
#include "base/clock.h"
#include "base/heartbeat.h"
#include "tap.h"

#include <poll.h>
#include <unistd.h>

static enum heartbeat_state
listen_once(struct heartbeat *heartbeat)
{
	struct pollfd in = {heartbeat->fd, POLLIN, 0};

	poll(&in, 1, 0);
	return heartbeat_listen(heartbeat, in.revents);
}

static void
test_words(void)
{
	struct failure why;
	int64_t ns = 7;

	ok(heartbeat_parse("0", &ns, &why) < 0 && heartbeat_parse("0s", &ns, &why) < 0 &&
	       heartbeat_parse("soon", &ns, &why) < 0 && ns == 7,
	   "no time is refused");
	ok(heartbeat_parse("10", &ns, &why) == 0 && ns == 10 * NS_PER_SECOND, "seconds");
	ok(heartbeat_parse("200ms", &ns, &why) == 0 && ns == NS_PER_SECOND / 5, "and parts of one");
}

int
main(void)
{
	struct heartbeat heartbeat = HEARTBEAT_NONE;
	int ends[2];

	test_words();
	ok(listen_once(&heartbeat) == HEARTBEAT_LASTS && heartbeat.end_ns == INT64_MAX,
	   "nobody is listened to: it lasts");
	if (pipe(ends) < 0)
		return 1;
	heartbeat_begin(&heartbeat, ends[0], 3600 * NS_PER_SECOND);
	ok(listen_once(&heartbeat) == HEARTBEAT_LASTS, "there is time yet");
	heartbeat.end_ns = 1;
	ok(listen_once(&heartbeat) == HEARTBEAT_MISSED, "the time is over");
	ok(write(ends[1], "\n\n", 2) == 2 && listen_once(&heartbeat) == HEARTBEAT_LASTS &&
	       heartbeat.end_ns > clock_monotonic_ns() + 3000 * NS_PER_SECOND,
	   "but not for what has come, however late it is read");
	heartbeat_begin(&heartbeat, ends[0], INT64_MAX);
	ok(heartbeat.end_ns == INT64_MAX, "the longest time does not overflow");
	close(ends[1]);
	ok(listen_once(&heartbeat) == HEARTBEAT_CLOSED, "the other end has closed it");
	close(ends[0]);
	return done_testing();
}
