/*
 * A HAProxy configuration (its manual, versions 2.4 to 3.0) as services: one for each frontend and
 * listen section, its binds the VIPs, the servers of its own and of every backend it can use the
 * servers, and the monitors those that the checks of these servers look like.
 *
 * Understood: quotes, escapes and `setenv`; defaults sections, by position and by name; binds to
 * several addresses, port ranges and QUIC; server-template, default-server and dispatch; ports
 * relative to the client's; source and usesrc. Conditions (ACLs) are not weighed: a backend that
 * could be used is. Remarked upon: what depends on the environment, on `.if`, on a backend named by
 * an expression, on DNS SRV records, and sockets that are not of IP.
 */
#ifndef VCAP_HAPROXY_H
#define VCAP_HAPROXY_H

#include "import/draft.h"

int haproxy_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
