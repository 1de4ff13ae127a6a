/*
 * Which pairs (connpair.h) are about a service.
 */
#ifndef VCAP_SERVICEPAIR_H
#define VCAP_SERVICEPAIR_H

#include "filter/service.h"
#include "flows/connpair.h"

#include <stdbool.h>

/* Whether it names a VIP or a server of the service. Pairs of other services on the same servers are
 * among these: by them a connection is known not to be this service's. */
bool servicepair_concerns(const struct service *service, const struct connpair *pair);

#endif
