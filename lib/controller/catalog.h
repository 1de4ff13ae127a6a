/*
 * All services of the configuration, each file read once: what they have in common.
 */
#ifndef VCAP_CATALOG_H
#define VCAP_CATALOG_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "filter/service.h"

#include <stdbool.h>
#include <stddef.h>

struct catalog_service {
	const char *name;
	bool is_valid;
	struct service service; /* if it is valid */
	struct failure why;     /* else: why not, as config_service_load says it */
};

struct catalog {
	char **names;                 /* of all services, sorted; NULL-ended */
	struct catalog_service *list; /* in this order */
	size_t count;
};

#define CATALOG_INIT ((struct catalog){0})

/* Reads and parses all service files; one that is wrong is no failure. The caller releases the catalog. -1
 * with why: they cannot be listed, or out of memory; it is CATALOG_INIT. */
int catalog_load(struct catalog *catalog, config_variable *variable, struct failure *why);

/* Frees all services; catalog is CATALOG_INIT afterwards. */
void catalog_release(struct catalog *catalog);

/* The name of the first other service that shares a server with this one: packets between an engine and
 * such a server may belong to either. NULL: there is none. Owned by the catalog. */
const char *catalog_find_sharing(const struct catalog *catalog, const struct service *service);

/* The same, of one that has a VIP of this one: packets of either are in captures of both. */
const char *catalog_find_overlap(const struct catalog *catalog, const struct service *service);

/* Appends a line for each thing about the service that is no fault and decides what a capture of it
 * has: -v says these too. */
void catalog_notes(const struct catalog *catalog, const struct service *service,
		   struct strvec *notes);

#endif
