/*
 * Whether an address is this host's own, as its routing has it: assigned to an interface, or made
 * local by a route. An address that a failover may bring is not.
 */
#ifndef VCAP_LOCALITY_H
#define VCAP_LOCALITY_H

#include "addrset.h"
#include "failure.h"

#include <stdbool.h>

/* Asks the kernel. -1: it does not tell. */
int locality_find(struct addr addr, bool *is_local, struct failure *why);

#endif
