/*
 * The headers in which HAProxy tells servers whose request it is (its manual, `option forwardfor`,
 * `option forwarded` and `http-request set-header`).
 */
#ifndef VCAP_HAPROXY_HEADERS_H
#define VCAP_HAPROXY_HEADERS_H

#include "base/strvec.h"
#include "import/haproxy_sections.h"

/* Appends to headers those that every request has from front to a server of back, with its client as
 * the value that HAProxy added; none unless back is for HTTP. Of one that a client may have written
 * instead a comment in draft says why. */
void haproxy_headers_find(struct draft *draft, const struct haproxy_section *front,
			  const struct haproxy_section *back, struct strvec *headers);

#endif
