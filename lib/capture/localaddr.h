/*
 * Whether an address is this host's own, as its routing has it: assigned to an interface, or made
 * local by a route. An address that a failover may bring is not.
 */
#ifndef VCAP_LOCALADDR_H
#define VCAP_LOCALADDR_H

#include "base/failure.h"
#include "packet/addrset.h"

#include <stdbool.h>

/* Asks the kernel. -1: it does not tell. */
int localaddr_find(struct addr addr, bool *is_local, struct failure *why);

#endif
