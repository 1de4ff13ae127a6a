/*
 * Whether an address is this host's own according to its routing tables: assigned to an interface,
 * or local by a route. An address that only a failover would bring is not.
 */
#ifndef VCAP_LOCALADDR_H
#define VCAP_LOCALADDR_H

#include "base/failure.h"
#include "packet/addrset.h"

#include <stdbool.h>

/* Sets *is_local. -1: the kernel does not answer; *is_local is unchanged. */
int localaddr_find(struct addr addr, bool *is_local, struct failure *why);

#endif
