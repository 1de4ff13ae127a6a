/*
 * The headers in which nginx tells servers whose request it is: proxy_set_header and
 * grpc_set_header.
 */
#ifndef VCAP_NGINX_HEADERS_H
#define VCAP_NGINX_HEADERS_H

#include "base/strvec.h"
#include "import/nginx_tree.h"

/* Appends to headers those that every request has which block passes on, with the client's address as
 * the last value. directive is "proxy_set_header" or "grpc_set_header". */
void nginx_headers_find(const struct nginx_node *block, const char *directive,
			struct strvec *headers);

#endif
