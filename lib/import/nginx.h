/*
 * Imports an nginx configuration (nginx.org's documentation of the core, http and stream modules,
 * up to 1.26), from one file or from `nginx -T`: a service for the http servers of each name, the
 * first `server_name`, and one for the stream servers of each upstream.
 *
 * Supported: includes, every form of listen, upstreams, proxy_pass and the like for FastCGI, uwsgi,
 * SCGI, gRPC and memcached, variables with values from map, geo, split_clients or set, server blocks
 * that hand on to server blocks, ingress-nginx with its backends (drafts->backends), PROXY protocol,
 * proxy_bind and health_check. Locations are not evaluated: every address that could be passed to is
 * taken. Gives warnings for other variables, sockets other than IP, and mail servers.
 */
#ifndef VCAP_NGINX_H
#define VCAP_NGINX_H

#include "import/draft.h"

/* An importer (draft.h). -1: malformed, or out of memory. */
int nginx_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
