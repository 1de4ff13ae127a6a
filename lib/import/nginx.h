/*
 * An nginx configuration (nginx.org's documentation of the core, http and stream modules, up to
 * 1.26) as services, from one file or from `nginx -T`: one for the http servers of each name, after
 * the first `server_name`, and one for the stream servers of each upstream.
 *
 * Supported: includes, every form of listen, upstreams, proxy_pass and its kin for FastCGI, uwsgi,
 * SCGI, gRPC and memcached, variables whose values map, geo, split_clients or set give, PROXY
 * protocol, proxy_bind and health_check. Locations are not evaluated: what could be passed to
 * counts. Warned of: other variables, sockets that are not IP, and mail servers.
 */
#ifndef VCAP_NGINX_H
#define VCAP_NGINX_H

#include "import/draft.h"

/* An importer (draft.h). -1: malformed, or out of memory. */
int nginx_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
