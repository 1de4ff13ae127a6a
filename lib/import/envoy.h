/*
 * Imports an Envoy config dump (its admin interface's /config_dump?include_eds): a service for each
 * listener with an address. Its servers are the endpoints of the clusters that its tcp_proxy, its
 * routes, and the route configurations that it names lead to, conditions unseen; an endpoint that is
 * another listener is followed, and listeners without a socket belong to the one that hands on to
 * them. Health checks become monitors.
 *
 * Gives warnings for clusters that a header, a plugin or the client chooses, clusters whose endpoints
 * are not in the dump, pipes, filters that are not followed, and names that cannot be resolved.
 */
#ifndef VCAP_ENVOY_H
#define VCAP_ENVOY_H

#include "import/draft.h"

/* An importer (draft.h). -1: malformed, or out of memory. */
int envoy_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
