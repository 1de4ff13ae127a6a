/*
 * The `from` line of a service file (vcap-service(5)): what its lines were imported from, to be asked again
 * before each capture. Pure.
 */
#ifndef VCAP_SERVICE_FROM_H
#define VCAP_SERVICE_FROM_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

struct service_from {
	char *kind;   /* of importer; NULL: there is no such line */
	char *engine; /* that is asked; NULL: the controller, by kubectl */
	char *name;   /* of the service, as the configuration calls it */
	char *file;   /* its configuration; NULL: where it usually is */
};

#define SERVICE_FROM_INIT ((struct service_from){0})

/* Frees its strings; from is SERVICE_FROM_INIT afterwards. */
void service_from_release(struct service_from *from);

/* Takes the words behind the keyword: KIND ENGINE NAME [FILE], or `k8s` NAMESPACE/NAME[:PORT]. -1 with why:
 * malformed; *from, which is written to without being released, is unchanged. */
int service_from_parse(struct service_from *from, char *const *words, size_t count,
		       struct failure *why);

#endif
