/*
 * Somebody at the other end of a descriptor, who is there as long as bytes come; which, makes no difference.
 *
 *	heartbeat_begin -> poll .fd for reading, until .end_ns -> heartbeat_listen ...
 */
#ifndef VCAP_HEARTBEAT_H
#define VCAP_HEARTBEAT_H

#include "base/failure.h"

#include <stdint.h>

struct heartbeat {
	int fd; /* the caller's; -1: nobody is listened to */
	int64_t timeout_ns;
	int64_t end_ns; /* monotonic: until when something has to come; INT64_MAX: never */
};

#define HEARTBEAT_NONE ((struct heartbeat){.fd = -1, .end_ns = INT64_MAX})

enum heartbeat_state {
	HEARTBEAT_LASTS,
	HEARTBEAT_CLOSED, /* the other end has closed it, which is a way to end */
	HEARTBEAT_MISSED, /* nothing came in time */
};

/* The time between heartbeats at most, as it stands behind an option. -1 with why: it is none, or 0;
 * *timeout_ns is unchanged. */
int heartbeat_parse(const char *word, int64_t *timeout_ns, struct failure *why);

/* Something has to come of fd within timeout_ns (1 ns or more) from now, and so on. */
void heartbeat_begin(struct heartbeat *heartbeat, int fd, int64_t timeout_ns);

/* Takes what has come, at most some bytes; revents is what poll() says of fd. Of HEARTBEAT_NONE it is
 * HEARTBEAT_LASTS. */
enum heartbeat_state heartbeat_listen(struct heartbeat *heartbeat, short revents);

#endif
