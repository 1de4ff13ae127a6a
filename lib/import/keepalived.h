/*
 * Imports a keepalived configuration (keepalived.conf(5)): a service for each virtual_server, called
 * as those of ipvs are after its protocol, address and port. Its real servers are the servers, with
 * their checks as monitors; the addresses of vrrp instances are a comment.
 *
 * Supported: groups of virtual servers, NAT and direct routing, sorry servers, comments, quotes,
 * parameters of one line. Gives warnings for firewall marks, tunnels, includes, lines for some hosts
 * only, and checks that look like clients.
 */
#ifndef VCAP_KEEPALIVED_H
#define VCAP_KEEPALIVED_H

#include "import/draft.h"

/* An importer (draft.h). -1: out of memory. */
int keepalived_import(struct drafts *drafts, const char *text, const char *file,
		      struct failure *why);

#endif
