/*
 * Pairs of a running HAProxy, by its stats socket (management guide, 9.3): the sessions that there
 * are (`show sess all`), then the lines of a log ring (haproxylog.h), those that it still holds and
 * each that comes (`show events RING -w`). Known by HAProxy 2.6.
 *
 * The socket has to be of level operator. HAProxy closes it when nothing was logged for its `stats
 * timeout`, and on a reload another process answers on it: either is noticed, the latter within a
 * second, and the connection made again. A process that was replaced is listened to for a while
 * longer, for what it still does, but not for ever: it lives as long as somebody is connected.
 */
#ifndef VCAP_HAPROXY_RING_H
#define VCAP_HAPROXY_RING_H

#include "flows/pairsource.h"

/* path and ring are the caller's and have to stay. */
struct pairsource *haproxy_ring_open(const char *path, const char *ring, pairsource_report *report,
				     void *context, struct failure *why);

#endif
