/*
 * Imports an Envoy config dump (its admin interface's /config_dump?include_eds): a service for each
 * listener with an address. Its servers are the endpoints of the clusters that its tcp_proxy, its
 * routes, and the route configurations that it names lead to, conditions unseen.
 *
 * Gives warnings for clusters chosen by a header, clusters whose endpoints are not in the dump, pipes
 * and names that cannot be resolved.
 */
#ifndef VCAP_ENVOY_H
#define VCAP_ENVOY_H

#include "import/draft.h"

/* An importer (draft.h). -1: malformed, or out of memory. */
int envoy_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
