/*
 * Connection pairs from a running HAProxy, by its stats socket (management guide, 9.3): the current
 * sessions (`show sess all`), then the lines of a log ring (haproxy_log.h), both those that it
 * holds and each new one (`show events RING -w`). As HAProxy 2.6 prints them.
 *
 * The socket has to be of level operator. Reloads and closed connections are noticed within a
 * second, and it connects again. A process that was replaced is read for ten more seconds, and not
 * longer, since it lives as long as a client is connected.
 */
#ifndef VCAP_HAPROXY_RING_H
#define VCAP_HAPROXY_RING_H

#include "flows/pairsource.h"

/* path is that of the socket, ring the name of the log ring; both are borrowed until close. NULL:
 * cannot connect. Later on, no connection is only a note. */
struct pairsource *haproxy_ring_open(const char *path, const char *ring, connpair_report *report,
				     void *context, struct failure *why);

/* Likewise, for the lines alone that are written to the ring from now on. */
struct pairsource *haproxy_ring_open_new(const char *path, const char *ring, void *context,
					 struct failure *why);

#endif
