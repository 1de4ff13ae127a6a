/*
 * Services that share servers: what an engine and such a server say to each other may be of either.
 */
#ifndef VCAP_SHAREDSERVERS_H
#define VCAP_SHAREDSERVERS_H

#include "base/failure.h"
#include "controller/config.h"
#include "filter/service.h"

#include <stdbool.h>

/* Whether a server of one, by address, protocol and port, is one of the other. */
bool sharedservers_is_shared(const struct service *one, const struct service *other);

/*
 * The first service of the configuration, in the order of names, that shares a server with this
 * one: heap, its name. One of the same name is the same service, and one that is malformed or
 * cannot be read is none. NULL: there is none, or no memory.
 */
char *sharedservers_find(const struct service *service, config_variable *variable);

#endif
