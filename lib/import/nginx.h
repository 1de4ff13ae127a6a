/*
 * An nginx configuration (nginx.org's documentation of the core, http and stream modules, up
 * to 1.26) as services, from one file or from `nginx -T`: one for each name of http servers, after
 * the first `server_name`, and one for each upstream of stream servers.
 *
 * Understood: includes, every form of listen, upstreams, proxy_pass and its kin for FastCGI, uwsgi,
 * SCGI, gRPC and memcached, variables that map, geo, split_clients or set give their values, PROXY
 * protocol, proxy_bind and health_check. Locations are not weighed: what could be passed to is.
 * Remarked upon: other variables, sockets that are not of IP, and mail.
 */
#ifndef VCAP_NGINX_H
#define VCAP_NGINX_H

#include "import/draft.h"

int nginx_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
