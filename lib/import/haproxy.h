/*
 * Imports a HAProxy configuration (its manual, versions 2.4 to 3.0): a service for each frontend
 * and listen section. Its binds are the VIPs, the servers of every backend that it can use are the
 * servers, and their health checks the monitors.
 *
 * Supported: quotes, escapes and `setenv`; defaults sections, by position and by name; binds to
 * several addresses, port ranges and QUIC; server-template, default-server and dispatch; ports
 * relative to the client's; source and usesrc; frontends that hand on to frontends; backends named by
 * maps, whose files are read, and by variables. ACLs are not evaluated: every backend that could be
 * used is taken as used. Gives warnings for: dependence on the environment, on `.if` or on other
 * expressions, DNS SRV records, and sockets other than IP.
 */
#ifndef VCAP_HAPROXY_H
#define VCAP_HAPROXY_H

#include "import/draft.h"

/* An importer (draft.h). -1: out of memory. */
int haproxy_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
