/*
 * NAMESPACE/NAME[:PORT], as Kubernetes calls a service, among services that were imported as
 * NAMESPACE.NAME.PORT (dotname.h). Pure.
 */
#ifndef VCAP_CLUSTERNAME_H
#define VCAP_CLUSTERNAME_H

#include "base/failure.h"

/* Finds the service that word means among names (NULL-ended): 1, and *name is one of them; 0: word is
 * no such name, or there is none. -1 with why: several ports have a service and word says none. */
int clustername_find(const char *word, char *const *names, const char **name, struct failure *why);

#endif
